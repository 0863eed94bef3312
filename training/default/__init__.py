"""The default model: which clips, training with labels, calibration, and everything that its card says."""
