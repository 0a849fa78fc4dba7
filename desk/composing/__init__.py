"""Writing a text with all that will come of it beside it: seen while it is typed, kept before it is saved."""
