"""What was sent, counted over long stretches of time."""
