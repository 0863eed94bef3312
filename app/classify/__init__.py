"""The classification of one input: its events and its summary."""
