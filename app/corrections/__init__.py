"""Corrected events of recordings: their files, what is exported from them, and what is learnt from them."""
