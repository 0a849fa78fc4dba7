"""Music under programmes: how it is mixed, and which the office has chosen."""
