"""Recordings: what is kept of them in the database."""
