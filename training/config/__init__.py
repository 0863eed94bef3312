"""What a pre-training and a distillation are configured by, from presets, YAML and the command line."""
