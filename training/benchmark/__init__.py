"""Benchmark of a pre-training step: clips a second and memory, ours and as published."""
