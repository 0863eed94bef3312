"""`python -m app classify`: many inputs to files of results, in one process, in several, or on a cluster."""
