"""Protocols that judge pre-trained and distilled encoders, with their costs and their results files."""
