"""Clips a second and memory of a pre-training step, beside the published way."""
