"""--gc-sections: what is reached from where a program begins, and through whom."""
