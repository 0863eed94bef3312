"""From trained weights to a self-contained model file, and the runtime that runs it."""
