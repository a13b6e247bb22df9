"""The numbers: the location counter's walk over the script until no address moves."""
