"""Step 10: the newest of one outlet are found without sorting all of its parcels."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return ["CREATE INDEX parcel_outlet ON parcel (outlet, id)"]
