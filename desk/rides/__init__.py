"""Rides (lồng ghép) on the desk: texts that go along in other bulletins by rule."""
