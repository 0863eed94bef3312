"""One training as a folder: its loop, its checkpoints, its log."""
