"""Benchmarks of the live path, the batch command, the cameras and the page."""
