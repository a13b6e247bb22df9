"""Where each input section goes: which statement takes it, and in which order."""
