"""Listening tests: two voices say the same sentence, and whoever listens does not know which is which."""
