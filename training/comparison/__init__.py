"""Grids of runs and the tables that they fill."""
