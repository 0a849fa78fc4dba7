"""Composition root: the only file that builds things. Everything else is handed what it needs."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import time, timedelta
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

from pydantic import ValidationError

from channels import store as channels_store
from channels.channel import find_channels
from channels.fitting import Fitter
from channels.http import Http
from channels.outlet import Fittings, Outlets, set_up_outlets
from channels.recordings import loader
from channels.seal import Seal
from channels.stoplink import REPLY_PATH, StopLinks
from channels.store import SealedKeep
from config.clock import Clock, SystemClock
from config.loading import BadSettings, reason_of
from config.settings import Settings
from content import store as content_store
from content.contests.contest import code_of
from content.contests.keeping import Contests
from content.editing import Editing
from content.glossary.keeping import Glossary
from content.issue import Press
from content.item import DEFAULT_THEMES
from content.mastering import Mastering
from content.passing.handing import Handing
from content.procedures.keeping import Procedures
from content.studio import Studio
from content.units.keeping import Units
from content.voice import Voice, find_voices
from content.voices.piper import PiperVoice, voice_files
from db.database import Database
from db.journal import Journal
from db.migrate import migrate
from db.notifier import Notifier
from desk.evidence.stamp import Stamp
from desk.keys import derive, load_key, people_key
from desk.procedures.watching import Watcher
from desk.reporting.reporter import Reporter
from scheduler.answering import Answering
from scheduler.asking import Asking
from scheduler.chronicler import Chronicler
from scheduler.contesting import Contesting
from scheduler.correcting import Correcting
from scheduler.director import Director
from scheduler.diverter import Diverter
from scheduler.entering import Entering
from scheduler.farewell import Farewell
from scheduler.forgetting import Forgetting
from scheduler.gate import Gate
from scheduler.handling import Handling
from scheduler.herald import Herald
from scheduler.inquirer import Inquirer
from scheduler.inviting import Inviting
from scheduler.joining import Joining
from scheduler.listener import Listener
from scheduler.lookout import Lookout
from scheduler.meter import Meter
from scheduler.owner import own_name
from scheduler.planner import Planner
from scheduler.policy import Policy
from scheduler.postbox import Postbox
from scheduler.receiver import Receiver
from scheduler.recorder import Recorder
from scheduler.retractor import Retractor
from scheduler.riding import Riding
from scheduler.rights import Rights
from scheduler.rules import load_rules
from scheduler.runner import Runner
from scheduler.schedule import QuietHours
from scheduler.scheduling import Scheduling
from scheduler.sealing import Sealing
from scheduler.sender import Sender
from scheduler.standing import Standing
from scheduler.subscribing import Subscribing
from scheduler.subscription.keys import Keys
from scheduler.superseding import Superseding
from scheduler.sweeper import Sweeper
from scheduler.timekeeper import Timekeeper
from scheduler.training import Training
from scheduler.warmer import Warmer
from scheduler.worker import Worker


@dataclass(frozen=True)
class House:
    """Everything, built and joined."""

    settings: Settings
    clock: Clock
    database: Database
    journal: Journal
    notifier: Notifier
    outlets: Outlets
    fitter: Fitter
    http: Http
    press: Press
    studio: Studio
    voices: tuple[Voice, ...]
    glossary: Glossary
    editing: Editing
    units: Units
    handing: Handing
    procedures: Procedures
    watcher: Watcher
    contests: Contests
    contesting: Contesting
    entering: Entering
    policy: Policy
    scheduling: Scheduling
    riding: Riding
    standing: Standing
    correcting: Correcting
    handling: Handling
    rights: Rights
    reporter: Reporter
    receiver: Receiver
    postbox: Postbox
    answering: Answering
    training: Training
    inviting: Inviting
    superseding: Superseding
    joining: Joining
    subscribing: Subscribing
    herald: Herald
    runner: Runner
    meter: Meter
    stopping: asyncio.Event
    recordings: Path
    seal: Seal
    sealing: Sealing
    stop_links: StopLinks
    reply_links: StopLinks
    stamp: Stamp
    key: bytes = field(repr=False)

    def stop(self) -> None:
        """Ask every loop to end after what it has in hand."""
        self.stopping.set()
        self.notifier.ring("stop")


def build(settings: Settings, clock: Clock | None = None) -> House:
    """The house of these settings; nothing is opened yet. Raises BadSettings."""
    # A clock that is given rules over everything, also over the database's own.
    database = Database(settings.database.url, SystemClock() if clock is None else None)
    clock = clock or SystemClock()
    key = load_key(settings)
    journal, notifier = Journal(derive(key, "journal")), Notifier(database.url)
    seal = Seal(people_key(settings, key))
    sealing = Sealing(database, seal)
    recordings = settings.files.dir / "recordings"
    stop_links = StopLinks(derive(key, "thoi-nhan"), settings.web.base_url)
    reply_links = StopLinks(derive(key, "tra-loi"), settings.web.base_url, REPLY_PATH)
    keep_key = derive(key, "seal")
    keep = cache(partial(SealedKeep, database, clock, keep_key))
    contest_key = derive(key, "contest")
    own = (stop_links.address, reply_links.address, partial(code_of, key=contest_key))
    fittings = Fittings(find_channels(), settings.web.base_url, keep, loader(recordings), *own)
    outlets = set_up_outlets(settings.outlets, fittings, source=settings.source)
    http = Http(clock, settings.http.allow)
    fitter = Fitter(database, clock, notifier, http, outlets, fittings, settings.outlets, keep_key)
    voices = choose_voices(settings)
    press, studio = _speech(settings, voices, recordings)
    glossary = Glossary(database, journal, clock)
    office, zone = settings.office.name, settings.office.zone
    editing = Editing(database, journal, clock, glossary, variant=settings.voice.variant, office=office)
    procedures = Procedures(database, journal, clock, editing)
    quiet, policy = _quiet_hours(settings), _policy(settings)
    stopping = asyncio.Event()
    owner, meter = own_name(), Meter(clock, version("loa"))
    handling = Handling(database, journal, clock, outlets, seal)
    farewell = Farewell(clock, outlets, http, office)
    scheduling = Scheduling(database, journal, clock, outlets, settings.office.timezone, policy)
    inviting = Inviting(database, journal, clock, outlets, editing, scheduling, policy, seal, zone)
    postbox = Postbox(database, clock, outlets, seal, inviting, replies=settings.feedback.replies)
    receiver = Receiver(database, clock, notifier, outlets, handling, farewell, seal, postbox)
    joining = Joining(database, studio, recordings, settings.radio, office, settings.voice.variant)
    signing = Keys(derive(key, "subscription"))
    herald = Herald(database, clock, notifier, http, journal, stopping, signing, settings.web.base_url)
    usual = (database, clock, notifier, outlets)
    gate = Gate(database, clock, notifier, press, quiet, policy, seal)
    recorder = Recorder(database, clock, notifier, journal)
    runner = Runner(
        clock,
        notifier,
        stopping,
        planner=Planner(
            *usual, quiet, catch_up=settings.schedule.catch_up, catch_up_urgent=settings.schedule.catch_up_urgent
        ),
        worker=Worker(*usual, gate, Sender(clock, http), recorder, owner, meter, stopping, zone, seal=seal),
        warmer=Warmer(*usual, studio, press, owner, stopping),
        lookout=Lookout(*usual),
        director=Director(*usual, joining, owner),
        sweeper=Sweeper(
            *(*usual, editing, journal, sealing, Forgetting(database, journal, clock, seal), owner),
            keep_written=timedelta(days=settings.feedback.keep_days),
            keep_trained=timedelta(days=settings.classes.keep_days),
        ),
        receiver=receiver,
        retractor=Retractor(*usual, http, journal),
        listener=Listener(database, notifier, outlets, http, handling, farewell, postbox),
        diverter=Diverter(*usual, journal),
        inquirer=Inquirer(*usual, http, receiver, stopping, seal),
        chronicler=Chronicler(database, clock, notifier, journal),
        herald=herald,
        timekeeper=Timekeeper(database, clock, journal, meter),
    )
    correcting = Correcting(database, journal, clock, outlets, scheduling, seal)
    asking = Asking(database, clock, outlets, policy, seal)
    return House(
        settings=settings,
        clock=clock,
        database=database,
        journal=journal,
        notifier=notifier,
        outlets=outlets,
        fitter=fitter,
        http=http,
        press=press,
        studio=studio,
        voices=voices,
        glossary=glossary,
        editing=editing,
        units=Units(database, journal, clock),
        handing=Handing(database, journal, clock, editing, office),
        procedures=procedures,
        watcher=Watcher(database, clock, notifier, http, procedures, settings.procedures),
        contests=Contests(database, journal, clock),
        contesting=Contesting(
            *(database, journal, clock, outlets, seal, editing, scheduling, correcting, policy, press),
            zone=zone,
        ),
        entering=Entering(database, clock, outlets, seal, asking, contest_key),
        policy=policy,
        scheduling=scheduling,
        riding=Riding(database, journal, clock, outlets, zone),
        standing=Standing(database, journal, clock),
        correcting=correcting,
        handling=handling,
        rights=Rights(database, journal, clock, handling, seal),
        reporter=Reporter(database, journal, clock, outlets, office, zone),
        receiver=receiver,
        postbox=postbox,
        superseding=Superseding(clock, editing),
        training=Training(database, journal, clock, outlets, editing, seal, zone, derive(key, "class")),
        inviting=inviting,
        answering=Answering(database, journal, clock, outlets, scheduling, policy, seal),
        joining=joining,
        subscribing=Subscribing(database, journal, clock, http, signing, settings.http.allow),
        herald=herald,
        runner=runner,
        meter=meter,
        stopping=stopping,
        recordings=recordings,
        seal=seal,
        sealing=sealing,
        stop_links=stop_links,
        reply_links=reply_links,
        stamp=Stamp(derive(key, "evidence")),
        key=key,
    )


def _speech(settings: Settings, voices: tuple[Voice, ...], recordings: Path) -> tuple[Press, Studio]:
    """What says which recording a text has, and who makes it: by the same voices and mastering."""
    mastering, marks = Mastering(lufs=settings.voice.loudness), tuple(voice.mark for voice in voices)
    press = Press(settings.office.name, marks, mastering, settings.office.zone, settings.voice.say_synthetic)
    return press, Studio(voices, recordings, mastering, at_once=os.cpu_count() or 1)


def _quiet_hours(settings: Settings) -> QuietHours:
    begin, end = settings.schedule.quiet_from, settings.schedule.quiet_to
    return QuietHours(time.fromisoformat(begin), time.fromisoformat(end), settings.office.zone)


def _policy(settings: Settings) -> Policy:
    asked, office = settings.policy, settings.office
    return Policy(load_rules(asked, settings.source), office.level, office.zone, asked.person_day, asked.person_week)


@contextlib.asynccontextmanager
async def opened(settings: Settings, clock: Clock | None = None) -> AsyncIterator[House]:
    """The house with its database migrated, its outlets applied and its themes laid out; closed at the end.

    Raises WrongKey when people's addresses are sealed with another key.
    """
    house = build(settings, clock)
    async with contextlib.AsyncExitStack() as closing:  # each is closed, also when another cannot be or is called off
        closing.push_async_callback(house.database.close)
        closing.push_async_callback(house.notifier.close)
        closing.push_async_callback(house.http.close)
        for voice in house.voices:
            closing.push_async_callback(voice.aclose)
        closing.push_async_callback(house.studio.aclose)
        await migrate(house.database)
        await house.sealing.check_key()
        await house.sealing.seal()
        await _move_in(house)
        await house.fitter.fit()
        await house.database.look_at_clock()
        await house.notifier.open()
        yield house


async def _move_in(house: House) -> None:
    now = house.clock.now()
    async with house.database.write() as tx:
        for at in house.outlets:
            await channels_store.apply_outlet(house.database, tx, at.name, at.channel.kind, at.outlet.title, now)
        if not await content_store.themes(tx):
            for position, (id, title) in enumerate(DEFAULT_THEMES):
                await content_store.save_theme(house.database, tx, id, title, position)


def choose_voices(settings: Settings, only: str = "") -> tuple[Voice, ...]:
    """Voices the office has added, the latest first, then the configured ones; or only the one asked for by name.

    Raises BadSettings for an unknown one and for every wrong option, BadVoiceFile for an added one that cannot be used.
    """
    added = {file.stem: file for file in voice_files(voices_dir(settings))}
    if only in added:
        return (PiperVoice(added[only]),)
    known, problems = find_voices(), list[str]()
    wanted = (only,) if only else settings.voice.engines
    configured: dict[str, Voice] = {}
    for name in dict.fromkeys((*wanted, *settings.voices)):
        if name not in known:
            section = f"[voices.{name}]" if name in settings.voices else "[voice] engines"
            problems.append(f"{section}: không có giọng {name} (có: {', '.join([*added, *known])})")
            continue
        try:
            options = known[name].options.model_validate(settings.voices.get(name, {}))
        except ValidationError as error:
            keys = ((".".join(map(str, detail["loc"])) or "options", reason_of(detail)) for detail in error.errors())
            problems += [f"[voices.{name}] {key}: {reason}" for key, reason in keys]
            continue
        if name in wanted:
            configured[name] = known[name].configured(options)
    if problems:
        raise BadSettings([f"{settings.source}: {problem}" if settings.source else problem for problem in problems])
    real = [PiperVoice(file) for file in ([] if only else added.values())]
    return (*real, *(configured[name] for name in wanted))


def voices_dir(settings: Settings) -> Path:
    """Where voices are kept that the office has added."""
    return settings.files.dir / "voices"
