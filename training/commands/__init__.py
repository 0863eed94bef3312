"""Commands of `python -m training`, a file each. Nothing heavy is imported before a command runs."""
