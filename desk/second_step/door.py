"""The page that asks for the code, between the password and the session."""

from __future__ import annotations

from config.logs import log
from config.words import BadInput, Word, joined
from desk.answer import Answer, Done, Shown, Visit
from desk.auth import local_path, too_many
from desk.second_step import store
from desk.second_step.keeping import Proof, Whose

FEW = 3
"""With so few recovery codes left, people are told to make new ones."""
WRONG = BadInput(
    "Mã không đúng hoặc đã dùng rồi. Hãy chờ mã kế tiếp trên điện thoại rồi nhập lại; nếu vẫn không được, đặt giờ điện thoại ở "
    "chế độ tự động hoặc dùng một mã khôi phục",
    "The code is wrong or was used already: wait for the next one, let the phone set its time, or use a recovery code",
    field="code",
)

logger = log(__name__)


async def show(visit: Visit) -> Answer:
    """GET /sign-in/code; whoever gave no password lately gives it first."""
    if visit.name:
        return Done("/")
    if await visit.keeper.halfway.person(visit.request) is None:
        return Done("/sign-in")
    return _page(visit)


async def take(visit: Visit) -> Answer:
    """POST /sign-in/code: the right code opens a session."""
    keeper = visit.keeper
    row = await keeper.halfway.person(visit.request)
    if row is None:
        return Done(
            "/sign-in",
            Word(
                "Đã quá 5 phút kể từ khi nhập mật khẩu. Hãy đăng nhập lại.",
                "More than 5 minutes have passed since the password. Sign in again.",
            ),
        )
    keys = count_try(visit, row.login)
    async with visit.house.database.write() as tx:
        proof = await keeper.steps.prove(tx, Whose(row.id, row.login, row.name), visit.text("code"))
        left = await store.count_recovery_codes(tx, row.id)
    if proof is None:
        logger.warning("code_refused", person=row.name, address=visit.request.remote or "")
        return _page(visit).with_fault(WRONG)
    keeper.code_tries.forget(keys)
    response = await keeper.let_in(visit, row, _used_up(left) if proof is Proof.RECOVERY else "")
    keeper.halfway.end(response)
    return response


def count_try(visit: Visit, login: str) -> list[str]:
    """Count a try of a code before it is looked at; its keys, to be forgotten when it was right. Raises Trouble 429."""
    tries = visit.keeper.code_tries
    keys = tries.keys(login, visit.request.remote or "", visit.request.cookies.get("loa-mark", ""))
    wait = tries.wait(keys)
    if wait > 0:
        too_many(visit, wait)
    tries.count(keys)
    return list(keys)


def _page(visit: Visit) -> Shown:
    next = visit.text("next") or visit.asked("next")
    return Shown("second_step/ask.html", {"next": local_path(next)})


def _used_up(left: int) -> Word:
    told = [Word(f"Đã dùng một mã khôi phục, còn {left} mã.", f"A recovery code is used up; {left} left.")]
    if left <= FEW:
        told += [Word("Hãy tạo bộ mã mới ở mục Đăng nhập hai bước.", "Make new ones under Two-step sign-in.")]
    lost = Word(
        "Mất điện thoại thì hãy đổi sang điện thoại khác cũng ở mục ấy.",
        "If your phone is lost, change to another one there as well.",
    )
    return joined((*told, lost), " ")
