"""Renditions of one text: article, radio script, short text, Zalo text; as they were written, or derived from the body."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from config.words import BadInput
from content.advert import LABELS, is_labelled
from content.bulletin import Purpose
from content.item import RENDITIONS, Draft, Revision, check_draft
from content.markup import clean, plain_text, to_html
from content.reading import Entry, Lexicon, Reading, load_lexicon, read
from content.short import cut_at_word

SHORT_CHARACTERS = 160
CHAT_CHARACTERS = 2000
"""Zalo's limit for a consultation text message."""
AS_TOLD = ("theme", "klass", "valid_from", "valid_until", "language", "readings", "purpose", "meetings")
"""What a revision has as its draft had it."""
TEXTS = ("title", "body", *RENDITIONS, "source", "byline")


def render(
    draft: Draft,
    *,
    id: str,
    item: str,
    number: int,
    writer: str,
    made_at: datetime,
    variant: str = "north",
    lexicon: Lexicon | None = None,
) -> Revision:
    """A revision of the draft with every rendition filled in. Raises BadInput when the draft cannot stand."""
    check_draft(draft)
    texts: dict[str, Any] = {name: unicodedata.normalize("NFC", getattr(draft, name)) for name in TEXTS}
    draft = replace(draft, **texts)
    written = {name: getattr(draft, name).strip() for name in RENDITIONS}
    derived = tuple(name for name in RENDITIONS if not written[name])
    article = clean(written["article"] or to_html(draft.body))
    plain = plain_text(article)
    if not plain:
        field = "article" if written["article"] else "body"
        raise BadInput("Nội dung không có chữ nào dùng được", "There are no words to publish in it", field=field)
    script = written["script"] or f"{draft.title.strip().rstrip('.')}.\n\n{plain}"
    return Revision(
        id=id,
        item=item,
        number=number,
        title=" ".join(draft.title.split()),
        body=draft.body.strip(),
        article=article,
        script=script,
        spoken=read_script(script, draft.readings, lexicon, variant).text,
        short=written["short"] or derive_short(draft.title, plain, draft.purpose),
        chat=written["chat"] or derive_chat(draft.title, plain),
        derived=derived,
        source=draft.source.strip(),
        byline=draft.byline.strip(),
        writer=writer,
        made_at=made_at,
        **{name: getattr(draft, name) for name in AS_TOLD},
    )


def read_script(
    script: str, readings: Iterable[tuple[str, str]], lexicon: Lexicon | None = None, variant: str = "north"
) -> Reading:
    """A script as it is read aloud; `readings` (written, spoken) hold in it before everything else. Raises BadInput."""
    own = [Entry(written, spoken) for written, spoken in readings]
    lexicon = lexicon or load_lexicon()
    return read(script, lexicon.with_entries(own) if own else lexicon, variant=variant)


def reading_of(revision: Revision, lexicon: Lexicon | None = None, variant: str = "north") -> Reading | None:
    """How the script of a revision became words; None when it would become others today than those that were approved."""
    reading = read_script(revision.script, revision.readings, lexicon, variant)
    return reading if reading.text == revision.spoken else None


def draft_of(revision: Revision) -> Draft:
    """The revision as a draft to go on from; renditions that were derived are derived anew."""
    draft = Draft(title=revision.title, body=revision.body)
    written = [name for name in RENDITIONS if name not in revision.derived]
    return replace(draft, **{name: getattr(revision, name) for name in (*AS_TOLD, "source", "byline", *written)})


def derive_short(title: str, plain: str, purpose: Purpose = Purpose.OUTREACH) -> str:
    """Title and as much of the first sentence as 160 characters hold, cut at a word; an advertisement's label before it."""
    title = " ".join(title.split()).rstrip(".")
    first = re.split(r"(?<=[.!?…])\s", plain.split("\n", maxsplit=1)[0] if plain else "")[0]
    whole = f"{title}. {first}" if first and not first.startswith(title) else title
    label = f"{LABELS[0]} " if purpose is Purpose.ADVERTISING and not is_labelled(whole) else ""
    return label + cut_at_word(whole, SHORT_CHARACTERS - len(label))


def derive_chat(title: str, plain: str) -> str:
    """Title, then whole paragraphs as far as Zalo's limit allows."""
    title = " ".join(title.split())
    text = f"{title}\n\n{plain}"
    if len(text) <= CHAT_CHARACTERS:
        return text
    kept = text[: CHAT_CHARACTERS - 1]
    end = max(kept.rfind("\n"), kept.rfind(". ") + 1)
    if end <= len(title) + 2:  # not even one sentence: whole words
        end = kept.rfind(" ") if kept.rfind(" ") > len(title) + 2 else len(kept)
    return kept[:end].rstrip() + "…"
