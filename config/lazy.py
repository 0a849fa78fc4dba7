"""Modules that cost much memory and that many processes never need, loaded when first used, by one thread."""

from __future__ import annotations

import importlib.util
import sys
import threading
from dataclasses import dataclass, field
from importlib.abc import Loader
from types import ModuleType
from typing import Any


def lazily(name: str) -> ModuleType:
    """The module, loaded at the first look at what is in it. Raises ModuleNotFoundError at once when there is none."""
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader_state = _Loading(spec.loader)
    module.__class__ = _Unloaded
    sys.modules[name] = module
    return module


@dataclass
class _Loading:
    """How an unloaded module is loaded, and whether that has begun."""

    loader: Loader
    lock: threading.RLock = field(default_factory=threading.RLock)
    begun: bool = False


class _Unloaded(ModuleType):
    """A module before the first look. The standard library's lazy loader (3.11) shows half a module to a second thread."""

    def __getattribute__(self, name: str) -> Any:
        loading = object.__getattribute__(self, "__spec__").loader_state
        with loading.lock:
            if not loading.begun:
                loading.begun = True
                loading.loader.exec_module(self)
                self.__class__ = ModuleType  # type: ignore[assignment] # from here on nothing stands between
            return object.__getattribute__(self, name)
