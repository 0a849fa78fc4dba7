"""Pulls: what of a shelf was fetched."""
