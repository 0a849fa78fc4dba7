"""Rides (lồng ghép): texts that go along in other bulletins, by rule."""
