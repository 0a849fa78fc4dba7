"""`loa api`: the description of the API (OpenAPI 3.1), as a running house serves it."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from config.lazy import lazily
from config.settings import Settings

if TYPE_CHECKING:
    from desk import doors, openapi
else:
    doors, openapi = lazily("desk.doors"), lazily("desk.openapi")


def register(commands: Any) -> None:
    """Add `api` to the parser."""
    api = commands.add_parser("api", help="in mô tả API (OpenAPI 3.1) dạng JSON")
    api.set_defaults(run_alone=run_api)


async def run_api(_settings: Settings, _args: argparse.Namespace) -> int:
    """Print it; no database is opened."""
    sys.stdout.write(json.dumps(openapi.document(doors.DOORS), ensure_ascii=False, indent=1) + "\n")
    return 0
