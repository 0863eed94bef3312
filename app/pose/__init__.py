"""Pictures to people: the landmarker, its model file, and who is who from frame to frame."""
