"""Templates and styles of kinds that draw pages; no code."""
