"""What partners are asked to take back."""
