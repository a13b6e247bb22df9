"""The output as an ObjectFile: symbols, tables of names, headers, build id."""
