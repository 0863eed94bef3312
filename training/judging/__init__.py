"""A model file, judged through the app's own stream."""
