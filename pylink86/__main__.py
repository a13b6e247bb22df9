"""`python -m pylink86 ...` is `pylink86 ...`."""

from __future__ import annotations

from .cli.main import script

if __name__ == "__main__":
    script()
