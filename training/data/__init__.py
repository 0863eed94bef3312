"""Clip stores: readers of recorded skeletons and videos, and the stores that training reads."""
