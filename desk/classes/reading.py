"""Forms of a class read: the class itself, a session, a file that is handed out."""

from __future__ import annotations

import asyncio
import io
import zipfile
from base64 import b64encode

from channels.classes.training import LONGEST, PURPOSES, Session, TrainingClass, line, times
from config.words import BadInput
from content.bulletin import Purpose
from db.types import new_id
from desk.answer import Visit
from desk.forms import choice, file_of

MOST_BYTES = 8 * 2**20
MACROS = "vbaProject.bin"
_OFFICE = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"} | dict(
    zip(_OFFICE.values(), ("docx", "xlsx", "pptx"), strict=True)
)
"""How files of each kind that is taken in are named."""


def class_of(visit: Visit, id: str, unit: str) -> TrainingClass:
    """What is said of a class, without its sessions. Raises BadInput with its field."""
    about = visit.text("about").strip()
    if len(about) > LONGEST["about"]:
        raise BadInput(f"Nhiều nhất {LONGEST['about']} ký tự", "about is too long", field="about")
    purpose = choice(Purpose, visit.text("purpose").strip(), "purpose") or Purpose.OUTREACH
    if purpose not in PURPOSES:
        raise BadInput("Chọn người dân hay cán bộ của cơ quan", "purpose: outreach or internal", field="purpose")
    return TrainingClass(
        id=id,
        unit=unit,
        title=line(visit.text("title"), "title", "Ghi tên lớp"),
        theme=visit.text("theme").strip(),
        about=about,
        purpose=purpose,
        audience=visit.text("audience").strip(),
        outlets=tuple(dict.fromkeys(visit.texts("outlet"))),
        capacity=_number(visit, "capacity", 5000),
        needed=_number(visit, "needed", 60),
        made_by=visit.name,
        made_at=visit.house.clock.now(),
    )


def _number(visit: Visit, field: str, most: int) -> int:
    written = visit.text(field).strip() or "0"
    if not (written.isascii() and written.isdigit() and len(written) <= 4 and int(written) <= most):
        raise BadInput(f"Ghi một số từ 0 đến {most}", f"{field}: a number from 0 to {most}", field=field)
    return int(written)


def session_of(visit: Visit, klass: str, id: str = "") -> Session:
    """A session, new unless it has an `id`. Raises BadInput with its field."""
    begins_at, ends_at = times(visit.text("date"), visit.text("start"), visit.text("end"), visit.drawing.zone)
    place = line(visit.text("place"), "place", "Ghi địa điểm")
    lecturer = line(visit.text("lecturer"), "lecturer")
    return Session(id or new_id(visit.house.clock.now()), klass, begins_at, ends_at, place, lecturer)


async def file_in(visit: Visit) -> tuple[str, str, str]:
    """A file of the form: its name, what it is, and itself in base64. Raises BadInput."""
    given = file_of(visit, "file", "tệp tài liệu")
    data = await asyncio.to_thread(given.file.read, MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise BadInput(f"Tệp lớn hơn {MOST_BYTES // 2**20} MB", "The file is too large", field="file")
    media = await asyncio.to_thread(media_of, data)
    return given.filename, media, b64encode(data).decode()


def media_of(data: bytes) -> str:
    """What a file is, by its content and not by what it is called. Raises BadInput for what is not handed out."""
    for start, media in (
        (b"%PDF-", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
    ):
        if data.startswith(start):
            return media
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist() if data.startswith(b"PK\x03\x04") else []
    except (zipfile.BadZipFile, ValueError):
        names = []
    if any(MACROS.lower() in name.lower() for name in names):
        raise BadInput("Tệp có macro; hãy lưu lại không có macro", "The file has macros", field="file")
    if "[Content_Types].xml" in names:
        for folder, media in _OFFICE.items():
            if any(name.startswith(folder) for name in names):
                return media
    raise BadInput(
        "Chỉ nhận PDF, ảnh PNG, JPEG và tệp Word, Excel, PowerPoint (.docx, .xlsx, .pptx)",
        "PDF, PNG, JPEG, DOCX, XLSX or PPTX only",
        field="file",
    )
