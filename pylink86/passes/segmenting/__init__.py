"""Program headers, and where in an ELF file everything lies."""
