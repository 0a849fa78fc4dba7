"""The second step of signing in: a code from one's phone after the password."""
