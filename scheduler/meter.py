"""Meter: what this process counts of its own work, for Prometheus; once a turn, never once a delivery."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence
from operator import itemgetter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, PlatformCollector, ProcessCollector

from config.clock import Clock
from scheduler.outcome import Breaker, Try

COMMIT_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
CLOSED, PROBING, RESTING = 0, 1, 2

SENT = "sent"

_outcome = itemgetter(Try._fields.index("outcome"))


class Meter:
    """One process's measures, on the registry that `/metrics` draws."""

    def __init__(self, clock: Clock, version: str) -> None:
        self._clock = clock
        self.registry = made = CollectorRegistry()
        ProcessCollector(registry=made)
        PlatformCollector(registry=made)
        Info("loa_build", "Version of Loa that runs here.", registry=made).info({"version": version})
        by, said = ["outlet"], ["outlet", "outcome", "reason"]
        self.outcomes = Counter("loa_outcomes", "Tries whose outcome is on disk.", said, registry=made)
        self.orphans = Counter("loa_orphans", "Outcomes that came under a lost claim.", by, registry=made)
        self.pace = Counter("loa_pace_wait_seconds", "Seconds waited for an outlet's pace.", by, registry=made)
        self.out = Gauge("loa_in_flight", "Deliveries with an intent on disk and no outcome yet.", by, registry=made)
        self.width = Gauge("loa_width", "Requests that may be under way at once.", by, registry=made)
        self.commit = Histogram(
            "loa_turn_seconds", "One turn's transaction up to its commit.", by, registry=made, buckets=COMMIT_SECONDS
        )
        self._breaker = Gauge("loa_breaker", "0 closed, 1 one probe at a time, 2 resting.", by, registry=made)
        self._steps = Counter("loa_clock_steps", "Steps of the wall clock by more than 2 s.", registry=made)

    def lane(self, outlet: str) -> LaneMeter:
        """What one outlet's lane counts."""
        return LaneMeter(self, outlet)

    def watch(self, outlet: str, breaker: Breaker) -> None:
        """Show a breaker as it stands whenever somebody looks."""

        def state() -> float:
            resting = breaker.resting(self._clock.now())
            return RESTING if resting else PROBING if breaker.tripped else CLOSED

        self._breaker.labels(outlet).set_function(state)

    def stepped(self) -> None:
        """The wall clock was stepped."""
        self._steps.inc()


class LaneMeter:
    """One outlet's measures, looked up once."""

    def __init__(self, of: Meter, outlet: str) -> None:
        self._outlet = outlet
        self._outcomes = of.outcomes
        self._sent = of.outcomes.labels(outlet, SENT, "")
        self._orphans = of.orphans.labels(outlet)
        self._pace = of.pace.labels(outlet)
        self._out = of.out.labels(outlet)
        self._width = of.width.labels(outlet)
        self.commit = of.commit.labels(outlet)

    def turned(self, tried: Sequence[Try], orphans: int, out: int, width: int) -> None:
        """A turn is on disk: the tries it wrote, the outcomes it could not write, and what is in hand after it."""
        sent = [*map(_outcome, tried)].count(SENT)  # nearly all of them
        self._sent.inc(sent)
        if sent < len(tried):
            rest = Tally((one.outcome, one.reason) for one in tried if one.outcome != SENT)
            for (outcome, reason), count in rest.items():
                self._outcomes.labels(self._outlet, outcome, reason).inc(count)
        if orphans:
            self._orphans.inc(orphans)
        self._out.set(out)
        self._width.set(width)

    def paced(self, seconds: float) -> float:
        """So long the outlet's pace says to wait."""
        self._pace.inc(seconds)
        return seconds
