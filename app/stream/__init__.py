"""The stream: from the people in each frame to answers and events."""
