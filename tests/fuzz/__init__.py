"""Inputs nobody would write, by the hundred thousand: every reader ends in a result or in errors.

`scripts/fuzz` runs this; `tests/property/test_fuzz.py` runs a sample of it with all other tests.

| Module | What it holds |
|---|---|
| `damage` | how bytes, ELF files, texts and command lines are damaged at random |
| `fields` | every field of an ELF file by name, for damage that leaves none of them out |
| `targets` | what is fed: a row each, how an input is made and what is done with it |
| `judge` | limits on time and memory, and what counts as a finding |
| `found/` | inputs that once did harm, kept for good: `TARGET.name` |
"""
