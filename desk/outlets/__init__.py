"""Outlets on the desk: all of them, one of them and its past, its settings, a test through it."""
