"""Events for other systems: what happens that they may want to know, kept for a month."""
