"""What must hold of a link that is placed: ASSERTs, regions, references that lead somewhere."""
