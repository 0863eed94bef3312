"""Configurations of pre-training and distillation, from presets, YAML and the command line."""
