"""People who work here: their accounts and roles, and the tokens of their programs."""
