"""Clip stores: what reads recorded skeletons and videos, and what training reads from."""
