"""Cells of exports that are safe to open."""

from __future__ import annotations

RISKY = ("=", "+", "-", "@", "\t", "\r", "\0")


def safe(cell: object) -> str:
    """A cell no spreadsheet takes for a formula (OWASP CSV injection): a quote mark in front of risky beginnings."""
    text = str(cell)
    return f"'{text}" if text.startswith(RISKY) else text
