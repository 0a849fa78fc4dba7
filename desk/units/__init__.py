"""The tree of units on the desk."""
