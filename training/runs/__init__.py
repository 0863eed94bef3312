"""Folder of a training run, with its loop, its checkpoints and its log."""
