"""Pages of the kind `portal`."""
