"""The counting of repetitions: how often a movement went out and came back, from the skeleton alone."""
