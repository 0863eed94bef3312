"""The mathematics: skeleton topology, clips, modalities, encoder and student (torch, but for skeleton and clips)."""
