"""The commands of `python -m app`, a file each. Nothing heavy is imported before a command runs."""
