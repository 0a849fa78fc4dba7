"""Tokens of one's own programs on the desk: made with a scope and an end, shown once, taken back."""

from __future__ import annotations

from config.words import BadInput, NotFound, Said, Word
from desk import auth, store
from desk.answer import Answer, Done, Shown, Visit

HERE = "/tokens"
DAYS = {"30": Word("30 ngày", "30 days"), "90": Word("90 ngày", "90 days"), "365": Word("một năm", "a year")}
SCOPES = {
    "read": Word("đọc mọi thứ bạn xem được", "read all that you may see"),
    "write": Word("soạn, trình, lập lịch, tạm dừng, hủy", "write, submit, schedule, pause, cancel"),
    "approve": Word("duyệt, thu hồi, cấp khóa", "approve, withdraw, give keys"),
    "station": Word("việc của đài", "what stations do"),
}
SHOWN = 12
"""Letters of a token's hash by which it is named on the page."""


async def show(visit: Visit) -> Answer:
    """GET /tokens: one's own; an administrator sees everybody's."""
    return await _page(visit)


async def _page(visit: Visit) -> Shown:
    async with visit.house.database.read() as connection:
        rows = await store.tokens(connection, "" if "administrator" in visit.roles else visit.person)
    now = visit.house.clock.now()
    values = {"rows": rows, "days": DAYS, "scopes": SCOPES, "typed": visit.form, "short": SHOWN}
    return Shown("staff/tokens.html", {**values, "over": {row.id for row in rows if row.until and row.until <= now}})


async def make(visit: Visit) -> Answer:
    """POST /tokens: one for a program of one's own, shown this once; what it may is never more than its owner may."""
    name, days = " ".join(visit.text("name").split())[:100], visit.text("days")
    try:
        if not name:
            raise BadInput("Ghi tên chương trình dùng mã này", "Say which program it is for", field="name")
        if days not in DAYS:
            raise BadInput("Chọn thời hạn", "Say how long", field="days")
        scopes = visit.texts("scope")
        if not scopes:
            raise BadInput("Chọn ít nhất một quyền", "Choose at least one scope", field="scope")
        secret = await auth.make_token(visit.house, visit.login, name, scopes, int(days), by=visit.name)
    except Said as fault:
        return (await _page(visit)).with_fault(fault)
    return Shown("staff/token.html", {"secret": secret, "name": name, "days": DAYS[days]})


async def drop(visit: Visit) -> Answer:
    """POST /tokens/{id}/remove: by its owner, or an administrator."""
    short = visit.part("id")
    async with visit.house.database.write() as tx:
        rows = await store.tokens(tx, "" if "administrator" in visit.roles else visit.person)
        found = [row for row in rows if row.id[:SHOWN] == short]
        if not found:
            raise NotFound("Không có mã truy cập này", "There is no such token")
        await store.drop_token(tx, found[0].id)
        told = {"name": found[0].name}
        await visit.house.journal.note(
            tx, visit.house.clock.now(), visit.name, "drop_token", f"person/{found[0].login}", **told
        )
    return Done(
        HERE,
        Word(
            "Đã thu hồi mã; chương trình dùng nó bị từ chối từ bây giờ.",
            "Token revoked; programs that use it are refused from now on.",
        ),
    )
