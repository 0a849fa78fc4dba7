"""Training classes at the desk, at the door and on paper."""
