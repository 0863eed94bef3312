"""The live page: its server, its tabs, and its visitors."""
