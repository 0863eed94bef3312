"""Events as they happen, for other programs: their phases, their form, who listens, and how they travel."""
