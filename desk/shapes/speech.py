"""Readings, voices and what stands around a station's programmes, as the API takes and tells them."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from desk.shape import Fields, Listed, Needed, Told, Upload


class ReadingsAsked(Fields):
    """What to look for in the house's own lexicon."""

    q: str = ""


class NewReading(Fields):
    """How the office reads a form from now on."""

    abbr: Needed
    spoken: Needed
    condition: str = ""


class OldReading(Fields):
    """Which reading."""

    abbr: Needed
    condition: str = ""


class SoundAsked(Fields):
    """What is to be heard."""

    text: Needed = Field(description="Spoken words; 600 characters at most are said.")


class Music(Fields):
    """The music under a programme."""

    music: Upload


class ReadingAdded(Told):
    """A reading of the office."""

    abbr: str
    spoken: str
    condition: str


class ReadingTold(ReadingAdded):
    """A reading of the office, and who added it."""

    person: str
    at: AwareDatetime


class AbbrTold(Told):
    """The form that is no longer read in a way of its own."""

    abbr: str


class BedTold(Told):
    """The music, and who brought it."""

    file: str
    person: str
    at: AwareDatetime


class ProgrammeTold(Told):
    """Announcements as they would be said now, and what stands between the items; `pause` in seconds."""

    opening: str
    closing: str
    chime: bool
    pause: float
    bed: BedTold | None


class TallyTold(Told):
    """How two voices stand against each other."""

    voices: list[str]
    better: list[int]
    same: int


ReadingsTold = Listed[ReadingTold]
