"""Programs that run at any address: what is corrected at start, and what a loader is told."""
