"""Work in several processes: independent pieces side by side, and one training over many GPUs."""
