"""The first three parts of a link, as `linker` calls them: gather, connect, lay out."""
