"""Roman numerals of parts and quarters; pure."""

from __future__ import annotations

ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
"""By number, from 1."""
