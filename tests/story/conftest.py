"""A PostgreSQL server a story may kill, and nodes on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests import postgres
from tests.story.nodes import Nodes, sink, start


@pytest.fixture
def server() -> Iterator[tuple[str, str]]:
    """A PostgreSQL server a test may kill: its directory and address."""
    if postgres.programs() is None:
        pytest.skip(postgres.MISSING)
    with postgres.directory() as place:
        postgres.make(f"{place}/d", place=place)
        start(place)
        yield place, f"postgresql://loa@/postgres?host={place}"
        postgres.stop(f"{place}/d", place=place)


@pytest.fixture
async def nodes(server: tuple[str, str], tmp_path: Path) -> AsyncIterator[Nodes]:
    """Nothing running yet."""
    async with sink(5) as gateway:
        nodes = Nodes(server[1], gateway, tmp_path)
        yield nodes
        await nodes.stop()
