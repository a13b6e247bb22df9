"""Which files take part: the command line from left to right, libraries, members of archives."""
