"""How each pushing kind is tried by the contract suite: one file a kind, of its name, with its SAMPLE."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from channels.channel import To

PHONE, ZALO_ID = "+84912345678", "5736612345678901234"


@dataclass(frozen=True)
class Sample:
    """How a kind is tested: options for a base address, the partner's words, and where our words stand in a request."""

    options: Callable[[str], dict[str, Any]]
    to: To
    success: bytes
    reference: str
    refusal: tuple[int, bytes]
    inside: bytes | None
    """An error inside a 200; None when the status alone counts."""
    secrets: tuple[str, ...]
    said: Callable[[Any], str]
    """The text in a request."""
    named: Callable[[Any], str] | None
    """The delivery id in a request; None when the partner takes none."""
    before: tuple[bytes, ...] = ()
    """What the partner answers to the questions that come before each request with our words in it."""
    first: tuple[bytes, ...] = ()
    """Answers to what the kind asks once before its first message."""
    carrier: int = 0
    """Which request of a first send carries our words, those of `first` counted."""


def read_json(asked: Any) -> Any:
    """The body of a request as JSON."""
    return json.loads(asked.body)


def find_samples() -> dict[str, Sample]:
    """All samples by kind."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    return {name: importlib.import_module(f"{__name__}.{name}").SAMPLE for name in names}
