"""The doctor: checks of what works on this machine, each with a remedy."""
