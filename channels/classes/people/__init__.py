"""Whom a class invites, and who came."""
