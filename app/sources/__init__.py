"""Files and cameras to pictures with their times."""
