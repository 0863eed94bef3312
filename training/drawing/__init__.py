"""Motions written by hand and recorded clips, drawn as people and seen by the app's own pose path."""
