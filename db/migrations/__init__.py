"""Numbered steps, forward only; `db/migrate.py` takes them."""
