"""What a class gives to those who come."""
