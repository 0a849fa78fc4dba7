"""What the desk's templates say, and what of it has no English yet: `python -m tests.desk.english [folder]`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from jinja2 import Environment, FileSystemLoader

from desk.drawing import TEMPLATES
from desk.english import CATALOGUE, SHARED, Catalogue, literals, segments
from desk.foreign import VIETNAMESE


def folder_of(template: str) -> str:
    """The catalogue's file of a template."""
    return template.rpartition("/")[0] or SHARED


def texts() -> Iterator[tuple[str, str, bool]]:
    """Every text of every template that needs English: the template, the text, whether it is a literal of an expression."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES))
    for path in sorted(TEMPLATES.rglob("*.html")):
        name, source = path.relative_to(TEMPLATES).as_posix(), path.read_text()
        found: list[str] = []
        segments(source, lambda text, found=found: found.append(text) or text)  # type: ignore[misc]
        yield from ((name, text, False) for text in found)
        yield from ((name, " ".join(one.value.split()), True) for one in literals(environment.parse(source)))


def missing(folder: str = "") -> Iterator[tuple[str, str]]:
    """Texts without English: all between tags and in attributes, and of literals those in Vietnamese letters."""
    catalogue, told = Catalogue(), set()
    for template, text, literal in texts():
        needed = not literal or VIETNAMESE.search(text)
        if folder not in {"", folder_of(template)} or (folder_of(template), text) in told or not needed:
            continue
        if catalogue.english(template, text) is None:
            told.add((folder_of(template), text))
            yield template, text


def unused() -> Iterator[tuple[str, str]]:
    """Entries of the catalogue that no template asks for."""
    said = {(folder_of(template), text) for template, text, _ in texts()}
    shared = {text for _, text in said}
    for folder, entries in Catalogue().files.items():
        yield from (
            (folder, text)
            for text in entries
            if (text not in shared if folder == SHARED else (folder, text) not in said)
        )


if __name__ == "__main__":
    before, lines = "", []
    for template, text in missing(*sys.argv[1:]):
        if template != before:
            lines.append(f"\n# {template} -> {CATALOGUE.name}/{folder_of(template)}.toml")
        lines.append(f"'{text}' = ''" if "'" not in text else f'"{text}" = ""')
        before = template
    lines += [f"unused in {folder}.toml: {text}" for folder, text in unused()]
    sys.stdout.write("\n".join([*lines, ""]))
