"""Contests on the desk and on the portal."""
