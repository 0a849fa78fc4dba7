"""The log, as readers see it."""
