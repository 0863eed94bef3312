"""Training with labels, and what is fitted after it."""
