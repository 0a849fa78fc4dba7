"""A thousand small worlds: planners, workers, sweepers and receivers of several nodes on one SQLite file, on virtual time.

Everything is the product's own but four things: the loop (`loop.py`: its clock jumps), the thread SQLite runs in and its
file lock (`disk.py`), the socket (`partner.py`: bytes go to a partner in process), and the runner's rhythm (`node.py`:
longer polls). Nodes are killed at any await, frozen, and come back; partners are busy, slow, cut off or away, or take it
and do not say so; the clock is set; people cancel, retry and decide; receipts come early, late and twice. Then all is calm,
and when everything is final the judge counts (`judge.py`).

A seed is the whole story: `LOA_SEED=17 python -m pytest tests/simulation -k replay -s` lives through number 17 again and
tells it. `LOA_SEEDS=0:20000` asks for more; with `-s` each test says how often what happened.
"""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.simulation.ground import Ground, chance_of_ids
from tests.simulation.judge import judge
from tests.simulation.office import LIMIT_SECONDS, Office
from tests.simulation.partner import FAULTS
from tests.simulation.world import World

BEGIN, END = map(int, os.environ.get("LOA_SEEDS", "0:1000").split(":"))
AT_ONCE = 100
"""Seeds a test, so that several processes share them."""
MUST_HAPPEN = {
    *("kill", "freeze", "clock set back", "clock set forward", "outage", "schedule urgent", "schedule recurring"),
    *("cancel", "cancel occurrence", "resolve", "receipt delivered", "receipt failed", "questions", "orphans"),
    *("several parcels", "logged interrupted", "logged unsure", "journal clock_back"),
    *(f"partner {fault}" for fault in FAULTS),
}
"""In every hundred worlds; a fault that never comes proves nothing."""
HAPPENED: Counter[str] = Counter()
TOTAL: Counter[str] = Counter()


@contextmanager
def lived(seed: int, ground: Ground, directory: Path) -> Iterator[World]:
    """A world at the moment when everything is final."""
    with chance_of_ids(seed):
        world = World(seed, ground, directory)
        try:
            office = world.loop.begin(world.desk, Office(world).live)
            # a node that was killed leaves a task that never ends; any other ends by a fault alone
            ended = world.loop.run(lambda: office.done() or bool(world.ended), LIMIT_SECONDS)
            world.raise_fault()
            assert ended, f"not final after {LIMIT_SECONDS} seconds"
            office.result()
            yield world
        finally:
            world.close()
            if os.environ.get("LOA_SEED") == str(seed):
                print("\n".join(world.told))  # noqa: T201 (the story was asked for)
        assert [] == world.loop.faults, world.loop.faults


def account(seed: int, ground: Ground, directory: Path) -> str:
    """What is wrong with a world, or nothing."""
    try:
        with lived(seed, ground, directory) as world:
            judge(world)
            HAPPENED.update(world.count())
    except Exception as fault:  # noqa: BLE001 (whatever it is, the other seeds are still of interest)
        return f"LOA_SEED={seed}: {type(fault).__name__}: {str(fault)[:600]}"
    finally:
        for file in directory.glob(f"{seed}.db*"):
            file.unlink()
    return ""


@pytest.mark.parametrize("begin", range(BEGIN, END, AT_ONCE))
def test_nothing_is_lost_doubled_or_made_up(begin: int, ground: Ground, tmp_path: Path) -> None:
    """In none of these worlds: lost 0, unexpected 0, avoidably doubled 0, everything final and honestly logged."""
    HAPPENED.clear()
    gc.disable()  # a world is small and soon gone; looking for its cycles meanwhile costs a tenth
    try:
        faults = [account(seed, ground, tmp_path) for seed in range(begin, min(begin + AT_ONCE, END))]
    finally:
        gc.enable()
    assert not any(faults), "\n".join(filter(None, faults))
    if END - begin >= AT_ONCE:
        assert [] == sorted(MUST_HAPPEN - {*HAPPENED})
    TOTAL.update(HAPPENED)
    print(f"\nseeds {BEGIN} to {begin + AT_ONCE - 1}:", dict(sorted(TOTAL.items())))  # noqa: T201 (pytest -s shows it)


def test_a_seed_is_the_whole_story(ground: Ground, tmp_path: Path) -> None:
    """Lived through twice, a world is the same to the last request and the last letter."""
    stories = []
    for _ in range(2):
        with lived(7, ground, tmp_path) as world:
            stories.append([world.told, world.record()])
        (tmp_path / "7.db").unlink()
    assert stories[0] == stories[1]


@pytest.mark.skipif("LOA_SEED" not in os.environ, reason="set LOA_SEED to live through one world again")
def test_replay(ground: Ground, tmp_path: Path) -> None:
    """One world, told."""
    with lived(int(os.environ["LOA_SEED"]), ground, tmp_path) as world:
        judge(world)
