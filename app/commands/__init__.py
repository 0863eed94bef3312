"""The commands of `python -m app`, one in each file. Nothing heavy is imported before a command runs."""
