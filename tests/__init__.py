"""Tests mirror the floors; `story/` holds whole lives."""
