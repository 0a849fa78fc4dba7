"""Figures of a period gathered from what the database says of it; pure, and for a year not for the loop."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from zoneinfo import ZoneInfo

from channels.channel import Channel
from channels.classes.people.store import Held
from channels.feedback.feedback import Source, Standing
from config.words import Word
from content.units.unit import ROOT
from desk.plan import counting, progress
from desk.plan.plan import Plan
from desk.reporting.figures import ClassLine, FeedbackFigures, FeedbackLine, Figures, Line, PlanFigures
from desk.reporting.period import Period
from scheduler.delivery import DONE, State
from scheduler.tally.store import Carried
from scheduler.tally.tally import Taken, Tally, people

NO_THEME = Word("Chưa chọn chủ đề", "No theme chosen")


@dataclass(frozen=True, slots=True)
class Against:
    """A plan to measure by, and what else has to be known for it: runs of all, texts that announce `contests`, riders."""

    plan: Plan
    taken: Sequence[Taken]
    contests: Collection[str]
    carried: Sequence[Carried]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the database says of a period and of `units`, None for the whole office; `texts` and `held` are of all."""

    tallies: Sequence[Tally]
    texts: Mapping[str, Sequence[tuple[str, str]]]
    themes: Mapping[str, str]
    outlets: Mapping[str, tuple[str, str]]
    lists: Mapping[str, str]
    went_out: int
    """How many runs."""
    seconds: float
    feedback: Counter[tuple[Source, str, Standing]]
    held: Sequence[Held]
    senders: Mapping[str, str]
    """Which unit sent each schedule, of those that are not the office's own."""
    units: Collection[str] | None
    names: Mapping[str, str]
    """What units are called; none while there is but the office."""
    against: Against | None = None


def gathered(office: str, period: Period, seen: Seen, zone: ZoneInfo) -> Figures:
    """Everything counted, line by line."""
    lines = Lines(office, period, seen)
    for given in seen.tallies:
        lines.add(given)
    whole, kinds = lines.together()
    return Figures(
        office=office,
        kind=period.kind.value,
        period=period.written,
        basis=period.basis.value,
        title=period.title_vi,
        begin=period.begin.isoformat(),
        end=period.last.isoformat(),
        whole=whole.line(),
        runs=seen.went_out,
        people=people(seen.tallies, seen.lists),
        audio_seconds=round(seen.seconds),
        stretches=tuple(one.line() for one in lines.stretches),
        themes=_told(lines.themes.values()),
        channels=_told(kinds),
        outlets=_told(lines.outlets.values()),
        plan=_plan(period, seen, zone),
        units=_told(lines.units.values()),
        feedback=_feedback(seen),
        classes=_classes(one for one in seen.held if seen.units is None or one.unit in seen.units),
    )


class Gathering:
    """One line while it is being counted."""

    def __init__(self, key: str, title: str) -> None:
        self._key, self._title = key, title
        self._items = set[str]()
        self._outcomes: Counter[State] = Counter()

    def add(self, items: Collection[str], outcomes: Mapping[State, int], *, went_out: bool) -> None:
        """Deliveries of these items, of which any was taken over or none."""
        for state, number in outcomes.items():  # a year has thousands: `Counter.update` takes twice as long
            self._outcomes[state] += number
        if went_out:
            self._items.update(items)

    def take_in(self, other: Gathering) -> None:
        """All that another line has."""
        self.add(other._items, other._outcomes, went_out=True)

    def line(self) -> Line:
        """What was counted, states in the order in which they are told everywhere."""
        outcomes = {state.value: self._outcomes[state] for state in State if self._outcomes[state]}
        return Line(self._key, self._title, len(self._items), outcomes)


class Lines:
    """The lines of a report while they are being counted; a bulletin with texts of two themes counts for both."""

    def __init__(self, office: str, period: Period, seen: Seen) -> None:
        self._seen = seen
        self._period = period
        self.stretches = [Gathering(one.begin.isoformat(), one.title) for one in period.stretches()]
        self.themes = {id: Gathering(id, title) for id, title in seen.themes.items()} | {"": Gathering("", NO_THEME)}
        self.outlets: dict[str, Gathering] = {}
        named = {ROOT: office, **seen.names} if seen.names else {}
        self.units = {id: Gathering(id, name) for id, name in named.items()}
        self._of_schedule: dict[str, tuple[set[str], list[tuple[Gathering, set[str]]]]] = {}

    def add(self, given: Tally) -> None:
        """One tally to each line it belongs to."""
        outlet, schedule = given.outlet, given.schedule
        if outlet not in self.outlets:
            self.outlets[outlet] = Gathering(outlet, self._seen.outlets.get(outlet, (outlet, outlet))[1])
        if schedule not in self._of_schedule:
            self._of_schedule[schedule] = self._items(schedule), [*self._lines_of(schedule)]
        items, others = self._of_schedule[schedule]
        went_out = any(state in given.outcomes for state in DONE)
        self.stretches[given.place].add(items, given.outcomes, went_out=went_out)
        self.outlets[outlet].add(items, given.outcomes, went_out=went_out)
        for line, some in others:
            line.add(some, given.outcomes, went_out=went_out)

    def _items(self, schedule: str) -> set[str]:
        return {item for item, _ in self._seen.texts.get(schedule, ())}

    def _lines_of(self, schedule: str) -> Iterator[tuple[Gathering, set[str]]]:
        """What a schedule counts for wherever and whenever it went: its unit with all its texts, each theme with its own."""
        unit = self._seen.senders.get(schedule, ROOT)
        if unit in self.units:
            yield self.units[unit], self._items(schedule)
        by_theme = defaultdict[str, set[str]](set)
        for item, theme in self._seen.texts.get(schedule, ()):
            by_theme[theme if theme in self.themes else ""].add(item)
        for theme, some in by_theme.items():
            yield self.themes[theme], some

    def together(self) -> tuple[Gathering, list[Gathering]]:
        """All of it, and the same by kind of channel."""
        whole = Gathering("", self._period.title_vi)
        for line in self.stretches:
            whole.take_in(line)
        kinds: dict[str, Gathering] = {}
        for name, line in self.outlets.items():
            kind, _ = self._seen.outlets.get(name, (name, name))
            kinds.setdefault(kind, Gathering(kind, _kind_title(kind))).take_in(line)
        return whole, [*kinds.values()]


def _kind_title(kind: str) -> str:
    if kind not in Channel.registry:
        return kind
    channel = Channel.registry[kind]
    return Word(channel.title_vi, channel.title_en)


def _told(lines: Iterable[Gathering]) -> tuple[Line, ...]:
    """Lines that had anything, those with most deliveries first."""
    found = [line for line in (one.line() for one in lines) if line.total]
    return tuple(sorted(found, key=lambda line: (-line.total, line.title, line.key)))


def _plan(period: Period, seen: Seen, zone: ZoneInfo) -> PlanFigures | None:
    """What counts for the plan; None where there is none."""
    against = seen.against
    if against is None:
        return None
    unit = against.plan.unit
    taken = counting.own(against.taken, seen.senders, unit)
    sent = chain(
        counting.sent_of(taken, seen.texts, seen.outlets, against.contests),
        counting.along_of(taken, against.carried, seen.outlets),
        counting.held_of(seen.held, zone, unit),
    )
    return progress.figures(against.plan, sent, period)


def _classes(held: Iterable[Held]) -> tuple[ClassLine, ...]:
    """Sessions that were held, by class, the earliest first."""
    titles, sessions, came = dict[str, str](), Counter[str](), Counter[str]()
    for one in held:
        titles.setdefault(one.klass, one.title)
        sessions[one.klass] += 1
        came[one.klass] += one.attended
    return tuple(ClassLine(title, sessions[id], came[id]) for id, title in titles.items())


def _feedback(seen: Seen) -> FeedbackFigures | None:
    """What people wrote, by theme in the office's order, what has none last; None of nothing."""
    if not seen.feedback:
        return None
    sources = Counter[str]()
    by_theme: defaultdict[str, Counter[Standing]] = defaultdict(Counter)
    for (source, theme, standing), count in seen.feedback.items():
        sources[source.value] += count
        by_theme[theme if theme in seen.themes else ""][standing] += count
    titles = {**seen.themes, "": NO_THEME}
    lines = tuple(_feedback_line(key, title, by_theme[key]) for key, title in titles.items() if key in by_theme)
    whole = _feedback_line("", Word("Tất cả", "All"), sum(by_theme.values(), Counter[Standing]()))
    return FeedbackFigures(whole, {one.value: sources[one.value] for one in Source if sources[one.value]}, lines)


def _feedback_line(key: str, title: str, count: Counter[Standing]) -> FeedbackLine:
    return FeedbackLine(key, title, count.total(), count[Standing.ANSWERED], count[Standing.CLOSED])
