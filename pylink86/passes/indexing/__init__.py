"""Indexes of debug data, by which a debugger finds a name without reading all of it."""
