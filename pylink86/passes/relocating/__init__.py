"""The bytes: relocations applied, or kept with -r and -q."""
