"""The machine: files, locks, cores and memory.

Needs only the standard library and filelock.
"""
