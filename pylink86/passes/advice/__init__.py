"""Images that link but would not start: a row for each trap; nothing is changed any more."""
