"""Teaching by a few examples: repetitions cut from recordings, a head on the student's embedding, packs."""
