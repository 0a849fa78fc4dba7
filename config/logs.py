"""Console or JSON lines; item, delivery, outlet and person carried as context."""

from __future__ import annotations

import contextvars
import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

_UNPRINTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_context: contextvars.ContextVar[dict[str, str] | None] = contextvars.ContextVar("log_context", default=None)


@contextmanager
def about(**fields: str) -> Iterator[None]:
    """Every line logged inside tells these fields: item, delivery, outlet, person."""
    token = _context.set({**(_context.get() or {}), **fields})
    try:
        yield
    finally:
        _context.reset(token)


def log(name: str) -> Log:
    """The named logger of a module; one event name and its fields a line."""
    return Log(logging.getLogger(f"loa.{name}"))


class Log:
    """Events with fields; no sentence building."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def debug(self, event: str, **fields: Any) -> None:
        """For developers."""
        self._logger.debug(event, extra={"fields": fields})

    def info(self, event: str, **fields: Any) -> None:
        """Worth knowing later."""
        self._logger.info(event, extra={"fields": fields})

    def warning(self, event: str, **fields: Any) -> None:
        """Somebody should look in the day."""
        self._logger.warning(event, extra={"fields": fields})

    def error(self, event: str, *, error: BaseException | None = None, **fields: Any) -> None:
        """Somebody should look now; the traceback goes to the log and nowhere else."""
        self._logger.error(event, exc_info=error, extra={"fields": fields})


class _Lines(logging.Formatter):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self._kind = kind

    def format(self, record: logging.LogRecord) -> str:
        fields = {**(_context.get() or {}), **getattr(record, "fields", {})}
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        trace = self.formatException(record.exc_info) if record.exc_info and record.exc_info[0] else ""
        if self._kind == "json":
            line = {"at": moment, "level": record.levelname.lower(), "from": record.name, "event": record.getMessage()}
            return json.dumps(
                {**line, **fields, **({"trace": trace} if trace else {})}, ensure_ascii=False, default=str
            )
        # Line breaks and terminal codes are shown, not obeyed: nothing that is logged can forge a line of its own.
        said = [f"{key}={value!r}" for key, value in fields.items()]
        told = _UNPRINTED.sub(_shown, " ".join([moment, record.levelname.lower(), record.getMessage(), *said]))
        return "\n    ".join([told, *(_UNPRINTED.sub(_shown, row) for row in trace.split("\n") if row)])


def _shown(letter: re.Match[str]) -> str:
    return repr(letter.group())[1:-1]


def set_up(level: str, kind: str) -> None:
    """Send everything the process logs to standard error in one form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines(kind))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("loa").setLevel(level.upper())
