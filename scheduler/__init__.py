"""When it goes, and that it went."""
