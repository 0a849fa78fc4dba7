"""Coming in by an account elsewhere: OpenID Connect, off unless the settings name an issuer."""
