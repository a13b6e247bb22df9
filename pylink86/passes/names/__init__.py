"""Who defines each name, and what names mean: versions, wrappers, COMDAT, the linker's own."""
