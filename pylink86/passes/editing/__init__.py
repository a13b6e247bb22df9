"""Input sections that are taken apart: merged strings, unwind tables, notes, equal functions."""
