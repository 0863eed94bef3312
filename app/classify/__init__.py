"""One input to its events and its summary."""
