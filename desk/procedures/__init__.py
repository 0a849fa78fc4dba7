"""Procedures on the desk: the catalogue, one with its history, and catalogues taken in from files."""
