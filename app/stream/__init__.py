"""People in each frame to answers and events."""
