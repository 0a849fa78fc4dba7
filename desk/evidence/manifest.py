"""The manifest of a bundle: what is in it with its sums, the journal's lines, the office's signature under all; pure.

It is written in one way only (`written`), so that what a person reads is exactly what was signed.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from config.words import BadInput
from content.bulletin import BulletinClass, Purpose
from content.item import Revision
from content.meeting import Meeting
from db.journal import Deed, Link, line
from desk.evidence.stamp import ALGORITHM, Stamp

FORMAT = "loa-evidence/1"
MANIFEST = "manifest.json"
TEXT_FILES = {
    "body": "body.md",
    "article": "article.html",
    "script": "script.txt",
    "spoken": "spoken.txt",
    "short": "short.txt",
    "chat": "chat.txt",
}
"""The file of each text of a revision."""

Sum = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""A sha256, or another of its length, in hex."""


class Part(BaseModel):
    """Something a manifest is made of: nothing in it is unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class File(Part):
    """A file of the bundle, its size in bytes."""

    path: str
    size: int = Field(ge=0)
    sha256: Sum


class Absent(Part):
    """A file that should be there and could not be put in, and why."""

    path: str
    why: str


class Allowed(Part):
    """An approved revision: `digest` is what was approved; `recording` the sha256 of what was heard, in the file `audio`."""

    revision: str
    number: int
    digest: Sum
    approved_by: str
    approved_at: AwareDatetime
    note: str
    submitted_by: str
    submitted_at: AwareDatetime | None
    office: str
    recording: Sum | None
    folder: str
    slip: str
    audio: str | None


class Entry(Part):
    """A line of the journal. `hash` is a keyed one: only the office can make or check it. `sha256` anybody can."""

    seq: int
    at: AwareDatetime
    person: str
    verb: str
    thing: str
    detail: dict[str, Any]
    previous: Sum
    hash: Sum
    sha256: Sum

    @property
    def deed(self) -> Deed:
        """The line itself."""
        return Deed(self.seq, self.at, self.person, self.verb, self.thing, self.detail)


class Head(Part):
    """The last line of the whole journal when the bundle was made."""

    seq: int
    hash: Sum


class Signature(Part):
    """Of the manifest without its signature as canonical JSON; keys and values in hex."""

    algorithm: Literal["Ed25519"]
    public_key: str = Field(pattern=r"^[0-9a-f]{64}$")
    fingerprint: str
    value: str = Field(pattern=r"^[0-9a-f]{128}$")


class Manifest(Part):
    """All of it."""

    format: Literal["loa-evidence/1"]
    office: str
    item: str
    title: str
    state: str
    made_at: AwareDatetime
    made_by: str
    files: list[File]
    absent: list[Absent]
    approved: list[Allowed]
    journal: list[Entry]
    head: Head
    signature: Signature | None = None


class TextFacts(Part):
    """What there is to know of a revision besides its texts: together they give its digest."""

    id: str
    item: str
    number: int
    title: str
    derived: tuple[str, ...]
    theme: str
    klass: BulletinClass
    valid_from: AwareDatetime | None
    valid_until: AwareDatetime | None
    source: str
    byline: str
    language: str
    writer: str
    made_at: AwareDatetime
    readings: tuple[tuple[str, str], ...]
    recorded: str
    purpose: Purpose
    meetings: tuple[Meeting, ...] = ()

    @classmethod
    def of(cls, revision: Revision) -> TextFacts:
        """Those of a revision."""
        return cls(**{name: getattr(revision, name) for name in cls.model_fields})

    def revision(self, texts: dict[str, str]) -> Revision:
        """The revision again, with its texts by name."""
        facts: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields}
        return Revision(**facts | texts)


def entry_of(link: Link) -> Entry:
    """A line of the journal as the manifest has it."""
    deed = link.deed
    told = {"seq": deed.seq, "at": deed.at, "person": deed.person, "verb": deed.verb, "thing": deed.thing}
    sums = {"previous": link.previous, "hash": link.hash, "sha256": sum_of(link.previous, deed)}
    return Entry(**told, detail=deed.detail, **sums)


def sum_of(previous: str, deed: Deed) -> str:
    """The sum of a line that anybody can check, over the same text as the keyed hash."""
    return hashlib.sha256((previous + line(deed)).encode()).hexdigest()


def signed(manifest: Manifest, stamp: Stamp) -> bytes:
    """The file, with the office's signature."""
    plain = manifest.model_dump(mode="json")
    value = stamp.sign(unsigned(plain)).hex()
    made = {"algorithm": ALGORITHM, "public_key": stamp.public.hex(), "fingerprint": stamp.fingerprint, "value": value}
    return written({**plain, "signature": made})


def unsigned(plain: dict[str, Any]) -> bytes:
    """What is signed: canonical JSON (sorted keys, no spaces, UTF-8) of all but the signature."""
    rest = {name: value for name, value in plain.items() if name != "signature"}
    return json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def written(plain: dict[str, Any]) -> bytes:
    """The file's very bytes."""
    return json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def read(data: bytes) -> tuple[Manifest, dict[str, Any]]:
    """A manifest and the plain values it was read from. Raises BadInput for anything that is none."""
    try:
        plain = json.loads(data)
        return Manifest.model_validate(plain), plain
    except ValidationError as error:
        at = ".".join(str(step) for step in error.errors()[0]["loc"])
        raise BadInput(f"{MANIFEST}: sai mẫu ở {at or 'đầu tệp'}", f"{MANIFEST}: not of this form at {at}") from None
    except (ValueError, RecursionError):
        raise BadInput(f"{MANIFEST}: không phải JSON", f"{MANIFEST}: not JSON") from None


def folder_of(number: int) -> str:
    """Where the texts of a revision are."""
    return f"texts/r{number}"


def slip_of(number: int) -> str:
    """Where the slip of a revision is."""
    return f"slips/r{number}.pdf"
