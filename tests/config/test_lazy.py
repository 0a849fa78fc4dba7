"""Modules loaded at the first look: once, and whole for every thread."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from config.lazy import lazily


def test_loaded_at_the_first_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that look together all see the whole module, which was run once."""
    (tmp_path / "heavy_thing.py").write_text(
        "with open(__file__ + '.runs', 'a') as runs:\n    runs.write('x')\n"
        + "".join(f"a{n} = {n}\n" for n in range(20000))
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    module, together = lazily("heavy_thing"), Barrier(8)
    assert not (tmp_path / "heavy_thing.py.runs").exists()

    def look() -> int:
        together.wait()
        return int(module.a19999)

    with ThreadPoolExecutor(8) as pool:
        assert [19999] * 8 == [one.result() for one in [pool.submit(look) for _ in range(8)]]
    assert "x" == (tmp_path / "heavy_thing.py.runs").read_text()
    assert lazily("heavy_thing") is module is sys.modules.pop("heavy_thing")


def test_what_there_is_not() -> None:
    """It is told at once."""
    with pytest.raises(ModuleNotFoundError, match="khong_co"):
        lazily("khong_co")
