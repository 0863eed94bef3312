"""Judgement of a model file through the app's own stream."""
