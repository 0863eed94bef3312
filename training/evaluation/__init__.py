"""Protocols that judge pre-trained and distilled encoders, what they cost, and their results files."""
