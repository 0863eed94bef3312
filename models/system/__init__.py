"""The machine below everything: files, locks, cores, memory. Needs the standard library and filelock alone."""
