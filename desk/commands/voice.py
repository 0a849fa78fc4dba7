"""`loa read` and `loa speak`: written Vietnamese to words, and text to a broadcast-ready file."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from config.settings import Settings
from config.words import BadInput
from content.document import read_document
from content.formats import FORMATS
from content.markup import plain_text, to_html
from content.mastering import Mastering, SilentSpeech, Tags
from content.reading import read
from content.recording import BadScript
from content.studio import Studio
from content.voice import VoiceError
from desk.app import choose_voices
from desk.commands.acting import unreadable
from desk.commands.output import err, figures_of, out


def register(commands: Any) -> None:
    """Add `read` and `speak` to the parser."""
    reading = commands.add_parser("read", help="văn bản tiếng Việt thành lời đọc")
    reading.add_argument("text", nargs="*", metavar="TEXT", help="không có thì đọc từ stdin")
    reading.add_argument("--lines", action="store_true", help="mỗi dòng stdin thành một dòng")
    reading.add_argument("--unknown", action="store_true", help="liệt kê chữ viết tắt chưa biết ra stderr")
    reading.set_defaults(run_alone=read_text)
    speaking = commands.add_parser("speak", help="tài liệu thành tệp âm thanh phát sóng")
    speaking.add_argument("file", type=Path, metavar="FILE", help=".txt, .md, .docx; - là stdin")
    speaking.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT.mp3",
        help=".mp3, .wav, .opus hoặc .flac",
    )
    speaking.add_argument("--voice", metavar="V", help="giọng đọc (mặc định theo [voice] engines)")
    speaking.set_defaults(run_alone=speak_file)


async def read_text(settings: Settings, args: argparse.Namespace) -> int:
    """Words as they are read aloud; with --lines one line out for each line in."""
    variant = settings.voice.variant
    if args.lines:
        for line in sys.stdin:
            spoken = read(line.rstrip("\n"), variant=variant)
            sys.stdout.write(" ".join(spoken.text.split()) + "\n")
        return 0
    written = " ".join(args.text) if args.text else await asyncio.to_thread(sys.stdin.read)
    spoken = read(written, variant=variant)
    sys.stdout.write(spoken.text + "\n")
    if args.unknown and spoken.unknown:
        err.print(f"chưa biết: {', '.join(spoken.unknown)}")
    return 0


async def speak_file(settings: Settings, args: argparse.Namespace) -> int:
    """One file read aloud, mastered, measured and written whole."""
    mastering = Mastering(lufs=settings.voice.loudness, format=_format(args.output))
    title, script = await asyncio.to_thread(_script, args.file, settings)
    voices = choose_voices(settings, args.voice or "")
    with tempfile.TemporaryDirectory(prefix="loa-speak-") as place:
        studio = Studio(voices, Path(place), mastering)
        tags = Tags(title=title, office=settings.office.name, series="Bản tin truyền thanh")
        try:
            with err.console.status("đang thu âm…"):
                made = await studio.record(read(script, variant=settings.voice.variant).text, tags)
            await asyncio.to_thread(_put, studio.path(made), args.output)
        except (BadScript, SilentSpeech) as error:
            raise BadInput(f"{args.file}: {error.vi}", f"{args.file}: {error.en}") from None
        except VoiceError as error:
            err.print(f"[red]Không đọc được: {error.reason_vi}[/red]")
            return 1
        finally:
            await studio.aclose()
            for voice in voices:
                await voice.aclose()
    for fallback in made.fallbacks:
        err.print(f"[yellow]{fallback.voice}: {fallback.reason_vi}; dùng giọng {made.voice}[/yellow]")
    out.print(f"{args.output}  {figures_of(made)}, giọng {made.voice}")
    return 0


def _format(output: Path) -> str:
    """The format that a file's suffix means."""
    format = output.suffix.lower().removeprefix(".")
    if format not in FORMATS:
        listed = ", ".join(f".{name}" for name in dict.fromkeys(one.suffix for one in FORMATS.values()))
        raise BadInput(
            f"{output}: đuôi tệp phải là một trong {listed}", f"{output}: the suffix must be one of {listed}"
        )
    return format


def _script(file: Path, settings: Settings) -> tuple[str, str]:
    """Title and text of what is to be read; text without a title line is read as it is."""
    if str(file) == "-":
        return "", sys.stdin.read()
    try:
        data = file.read_bytes()
    except OSError as error:
        raise unreadable(file, error) from None
    if file.suffix.lower() not in {".md", ".docx"}:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise BadInput(f"{file}: không phải UTF-8", f"{file}: not UTF-8") from None
        return file.stem, text
    draft = read_document(file.name, data, settings.office.zone).draft
    return draft.title, f"{draft.title}.\n\n{plain_text(to_html(draft.body))}"


def _put(made: Path, target: Path) -> None:
    """The file under its asked name, whole or not at all."""
    part = target.with_name(f".{target.name}.part")
    try:
        shutil.copyfile(made, part)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise BadInput(
            f"{target}: không ghi được ({error.strerror})", f"{target}: cannot write ({error.strerror})"
        ) from None
