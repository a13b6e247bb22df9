"""Output sections in order, with a place for what the script does not name."""
