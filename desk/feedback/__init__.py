"""What people write to the office, on the desk and on the portal."""
