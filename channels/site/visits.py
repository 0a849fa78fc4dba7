"""Visits of a public site: numbers alone, nothing of anybody; pure."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Visits:
    """How often the site was visited: today, ever, and by month (`2026-11`, newest first); and who reads now."""

    today: int = 0
    total: int = 0
    now: int = 0
    months: tuple[tuple[str, int], ...] = ()

    def json(self) -> bytes:
        """The three numbers that stand at the foot of every page."""
        return json.dumps({"today": self.today, "total": self.total, "now": self.now}).encode()


NOBODY = Visits()
