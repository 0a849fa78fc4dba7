"""The questions partners are asked about what they took: table and SQL."""
