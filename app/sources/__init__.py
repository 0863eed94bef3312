"""The sources of pictures: files and cameras, read as frames with their times."""
