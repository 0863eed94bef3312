"""The batch command, `python -m app classify`: many inputs to files, in one process, in several or on a cluster."""
