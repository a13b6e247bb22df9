"""`python -m pylink86 ...` is `pylink86 ...`."""

from __future__ import annotations

import sys

from .cli.main import main

if __name__ == "__main__":
    sys.exit(main())
