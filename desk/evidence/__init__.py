"""Evidence of an item for who was not there: the slip of its approval, and everything in one file that checks itself."""
