"""The recogniser as a graph from landmarks to scores, which a browser runs."""
