"""`loa voice`: the voices there are, and a real one that the office downloaded."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

from config.settings import Settings
from config.words import BadInput
from content.voice import Speech, VoiceError, checked, find_voices
from content.voices.piper import PiperVoice, keep, read_voice, voice_files
from desk.app import voices_dir
from desk.commands.output import out, print_json, print_table

TRIAL = "Xin chào quý vị và các bạn."


def register(commands: Any) -> None:
    """Add `voice` and its verbs to the parser."""
    verbs = commands.add_parser("voice", help="giọng đọc").add_subparsers(required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="các giọng, theo thứ tự được dùng")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(run_alone=list_voices)
    adding = verbs.add_parser("add", help="thêm giọng Piper đã tải về; giọng này được dùng trước")
    adding.add_argument("file", type=Path, metavar="FILE", help="tệp .onnx, cạnh nó là tệp .onnx.json")
    adding.set_defaults(run_alone=add_voice)


async def list_voices(settings: Settings, args: argparse.Namespace) -> int:
    """Added voices and configured ones in order of preference, then those that are not used."""
    rows = await asyncio.to_thread(_rows, settings)
    if args.json:
        for row in rows:
            print_json(row)
        return 0
    columns = ("thứ tự", "tên", "giọng", "mạng", "ghi chú")
    told = [
        (row["order"] or "", row["name"], row["title"], "cần" if row["online"] else "", row["note"]) for row in rows
    ]
    print_table(columns, told, empty="Chưa có giọng nào.")
    return 0


def _rows(settings: Settings) -> list[dict[str, Any]]:
    rows = []
    for file in voice_files(voices_dir(settings)):
        try:
            voice = read_voice(file)
            note = f"{voice.rate} Hz, {voice.size} byte, sha256 {voice.sha256}"
        except BadInput as error:
            note = error.text(settings.office.locale)
        rows.append({"name": file.stem, "title": PiperVoice.title_vi, "online": False, "note": note})
    known = find_voices()
    unused = [name for name in known if name not in settings.voice.engines and name != PiperVoice.name]
    used = [name for name in settings.voice.engines if name in known]
    count = len(rows) + len(used)
    rows += [
        {"name": name, "title": known[name].title_vi, "online": known[name].online, "note": ""}
        for name in (*used, *unused)
    ]
    return [{"order": at if at <= count else None} | row for at, row in enumerate(rows, 1)]


async def add_voice(settings: Settings, args: argparse.Namespace) -> int:
    """Check a voice, let it speak a sentence, and only then copy it among the office's own."""
    voice = await asyncio.to_thread(read_voice, args.file)
    speech = await _trial(args.file)
    kept = await asyncio.to_thread(keep, args.file, voices_dir(settings))
    out.print(f"{kept}  {voice.rate} Hz, {voice.size} byte, sha256 {voice.sha256}")
    out.print(f"Đọc thử được {speech.seconds:.1f} giây. Giọng này được dùng trước mọi giọng khác từ lần khởi động tới.")
    return 0


async def _trial(file: Path) -> Speech:
    piper = PiperVoice(file)
    try:
        return checked(TRIAL, await piper.synth(TRIAL))
    except VoiceError as error:
        raise BadInput(
            f"{file}: đọc thử không được: {error.reason_vi}", f"{file}: cannot speak: {error.reason_en}", field="file"
        ) from None
    finally:
        await piper.aclose()
