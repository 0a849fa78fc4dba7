"""The desk in English: its templates translated, as they are loaded, by the catalogue in `locale/en`.

A template is written once, in Vietnamese. Its English twin is the same source with every text for people looked up: what stands
between tags and in the attributes a person reads or hears, where `{{ … }}` within a text is `{1}`, `{2}` …, and the literals of its
expressions. `{1:person|people}` in an English text is one or the other by the number printed at `{1}`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, nodes, pass_eval_context
from jinja2.filters import do_join
from jinja2.nodes import EvalContext

from config.words import in_english
from desk.foreign import foreign, mark_foreign

CATALOGUE = Path(__file__).parent / "locale" / "en"
SHARED = "shared"
"""The file of the templates that stand in no folder, and of texts that several folders share."""
SPOKEN = ("title", "placeholder", "aria-label", "aria-description", "alt", "label", "data-label")
"""Attributes that people read or hear."""

_WITHIN = r"\{\{.*?\}\}|\{%.*?%\}"
_PIECE = re.compile(rf"\{{#.*?#\}}|{_WITHIN}|<[/!]?[a-zA-Z](?:{_WITHIN}|[^>])*>", re.DOTALL)
_ATTRIBUTE = re.compile(rf"(?<=\s)(?P<name>[a-z-]+)=\"(?P<value>(?:{_WITHIN}|[^\"])*)\"", re.DOTALL)
_CODE = re.compile(r"\{\{-?(.*?)-?\}\}", re.DOTALL)
_CONTROL = re.compile(r"(\{%.*?%\}|\{#.*?#\})", re.DOTALL)
_LETTER = re.compile(r"[^\W\d_]")
_ENTITY = re.compile(r"&#?\w+;")
_SLOT = re.compile(r"\{(\d+)(?::([^{}|]*)\|([^{}|]*))?\}")

Translate = Callable[[str], str]


def segments(source: str, translate: Translate) -> str:
    """The source of a template with every text for people, its spaces made single, put through `translate`."""
    written, end = [], 0
    for start, stop, is_text in _runs(source):
        written.append(source[end:start])
        piece = source[start:stop]
        written.append(_translated(piece, translate) if is_text else _tag(piece, translate))
        end = stop
    return "".join([*written, source[end:]])


def _runs(source: str) -> Iterator[tuple[int, int, bool]]:
    """Where texts stand, and where tags."""
    begun = 0
    for piece in _PIECE.finditer(source):
        if piece[0].startswith("{{") and not piece[0].startswith("{{ icon("):
            continue
        yield begun, piece.start(), True
        if piece[0].startswith("<") and not piece[0].startswith("<!"):
            yield piece.start(), piece.end(), False
        begun = piece.end()
    yield begun, len(source), True


def _tag(tag: str, translate: Translate) -> str:
    def attribute(found: re.Match[str]) -> str:
        if found["name"] not in SPOKEN:
            return found[0]
        parts = _CONTROL.split(found["value"])
        value = "".join(part if at % 2 else _translated(part, translate) for at, part in enumerate(parts))
        return f'{found["name"]}="{value}"'

    return _ATTRIBUTE.sub(attribute, tag)


def _translated(text: str, translate: Translate) -> str:
    """The text of one run, its outer spaces kept."""
    codes: list[str] = []

    def slot(found: re.Match[str]) -> str:
        codes.append(found[1].strip())
        return f"{{{len(codes)}}}"

    plain = _CODE.sub(slot, text)
    if len(_LETTER.findall(_ENTITY.sub("", _SLOT.sub("", plain)))) < 2:
        return text
    key = " ".join(plain.split())
    english = translate(key)
    if english == key:
        return text

    def code(found: re.Match[str]) -> str:
        expression = codes[int(found[1]) - 1]
        if found[2] is None:
            return f"{{{{ {expression} }}}}"
        return f"{{{{ '{found[2]}' if ({expression}) | string == '1' else '{found[3]}' }}}}"

    before, after = plain[: len(plain) - len(plain.lstrip())], plain[len(plain.rstrip()) :]
    return before + _SLOT.sub(code, english) + after


def literals(template: nodes.Template) -> Iterator[nodes.Const]:
    """The words for people among the literals of a template's expressions: in Vietnamese letters, or with a capital first."""
    compared = {id(const) for compare in template.find_all(nodes.Compare) for const in compare.find_all(nodes.Const)}
    for const in template.find_all(nodes.Const):
        text = const.value
        if not isinstance(text, str) or id(const) in compared or not _LETTER.search(text):
            continue
        if not text.isascii() or text.strip()[:1].isupper():
            yield const


class Catalogue:
    """The English of the desk's texts, one TOML file a folder of templates."""

    def __init__(self, place: Path = CATALOGUE) -> None:
        self.files = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(place.glob("*.toml"))}

    def english(self, template: str, text: str) -> str | None:
        """The English of a text in that template; None where there is none."""
        own: str | None = self.files.get(template.rpartition("/")[0], {}).get(text)
        return self.files.get(SHARED, {}).get(text) if own is None else own


catalogue = cache(Catalogue)
"""Read once, when the first page is asked for in English."""


class English(Environment):
    """Templates as the desk's, in English; a text that has none stays Vietnamese."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, finalize=in_english)
        self.filters |= {"english": in_english, "join": _join, "foreign": foreign}

    def preprocess(self, source: str, name: str | None = None, filename: str | None = None) -> str:
        """The source with its texts translated."""
        source = super().preprocess(source, name, filename)
        return segments(source, lambda text: catalogue().english(name or "", text) or text)

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        """Jinja's hook before code is made: literals translated, both sides of `~` read in English, Vietnamese marked."""
        for const in literals(source):
            text = " ".join(const.value.split())
            const.value = const.value.replace(const.value.strip(), catalogue().english(name or "", text) or text)
        for concat in source.find_all(nodes.Concat):
            concat.nodes = [
                nodes.Filter(one, "english", [], [], None, None, lineno=one.lineno, environment=self)
                for one in concat.nodes
            ]
        mark_foreign(source, self)
        return str(super()._generate(source, name, filename, defer_init))

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`title_vi` is read as `title_en` of what has both."""
        return super().getattr(obj, _twin(obj, attribute))

    def getitem(self, obj: Any, argument: Any) -> Any:
        """As `getattr`, for filters that are told an attribute's name."""
        return super().getitem(obj, _twin(obj, argument) if isinstance(argument, str) else argument)


@pass_eval_context
def _join(context: EvalContext, words: Iterable[object], between: str = "") -> str:
    joined: str = do_join(context, map(in_english, words), between)
    return joined


def _twin(obj: Any, attribute: str) -> str:
    twin = f"{attribute[:-2]}en" if attribute == "vi" or attribute.endswith("_vi") else attribute
    return twin if hasattr(obj, twin) else attribute
