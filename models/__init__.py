"""The mathematics: skeleton, clips, modalities, encoder, student. Only what app takes of it needs no torch."""
