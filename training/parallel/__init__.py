"""Work in several processes: pieces side by side, and one training over many GPUs."""
