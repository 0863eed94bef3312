"""The commands of `python -m export`.

Nothing heavy is imported before a command runs: --help should not wait for torch.
"""
