"""The script as the other passes read it: INCLUDE followed, shorthands written out."""
