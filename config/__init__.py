"""Ground floor: what a process needs before it knows what it is about."""
