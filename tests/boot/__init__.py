"""Images proven by running them."""
