"""The pose of people in pictures: the landmarker, its model file, and the tracker of people from frame to frame."""
