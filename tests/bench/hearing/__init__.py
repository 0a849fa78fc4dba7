"""How well voices are understood, and whether their tones are the six of Vietnamese."""
