"""Every face: pages, REST, command line; the only floor that sees the whole house."""
