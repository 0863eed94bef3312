"""Default model: its clips, its training with labels, its calibration, and everything that its card says."""
