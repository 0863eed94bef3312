"""Model of one's own actions, from a folder of videos: find, watch, train from the shipped weights, judge, export."""
