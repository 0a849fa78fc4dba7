"""People who work here, as the API takes and tells them."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from desk.shape import Listed, Told

Role = Literal["author", "approver", "station", "viewer", "administrator"]


class PersonTold(Told):
    """An account."""

    login: str
    name: str
    roles: list[Role]
    unit: str
    closed_at: AwareDatetime | None
    second_step_since: AwareDatetime | None


StaffTold = Listed[PersonTold]
