"""The text that tells people that what they have was withdrawn, for a writer to go on from."""

from __future__ import annotations

from content.item import Draft, Revision

MOST_TITLE = 300


def notice_of(gone: Revision, reason: str, office: str) -> Draft:
    """A notice of the withdrawal of a text, of the same class and purpose as that; `reason` is what was written then."""
    why = f" Lý do: {reason.strip().rstrip('.')}." if reason.strip() else ""
    return Draft(
        f"Thu hồi tin: {gone.title}"[:MOST_TITLE],
        f"{office} thu hồi tin “{gone.title}”.{why} Đề nghị bà con không làm theo tin đã nhận.",
        theme=gone.theme,
        klass=gone.klass,
        purpose=gone.purpose,
    )
