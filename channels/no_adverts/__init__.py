"""The do-not-advertise list."""
