"""The .ikem format: landmarks of everybody in a recording, without pictures."""
