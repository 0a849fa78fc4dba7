"""What is kept of single people."""
