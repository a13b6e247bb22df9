"""The linker's own tables: global offset table, linkage table, what a program that moves needs."""
