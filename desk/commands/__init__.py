"""Commands by the thing they are about."""
