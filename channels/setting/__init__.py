"""Outlets that are set up on the desk: how their options are asked for, read and kept."""
