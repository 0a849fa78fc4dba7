"""Conditional requests: a tag of what was read, 304 while it is so, 412 when it has changed, and nothing lost in between."""

from __future__ import annotations

from typing import Any

import pytest

from content.editing import Editing

TEXT = {"title": "Họp dân", "body": "19 giờ."}


async def tag(desk: Any, path: str, headers: dict[str, str]) -> str:
    """The tag of a thing now."""
    return str((await desk.client.get(path, headers=headers)).headers["ETag"])


async def test_not_modified(desk: Any) -> None:
    """304 without a body while nothing has changed; lists have no tag."""
    item, headers = await desk.draft(), await desk.api("lan")
    path = f"/api/v1/items/{item.id}"
    seen = await tag(desk, path, headers)
    for told in (seen, f"W/{seen}", f'"x", {seen}', "*"):
        answer = await desk.client.get(path, headers={**headers, "If-None-Match": told})
        assert (answer.status, await answer.read(), answer.headers["ETag"]) == (304, b"", seen), told
    desk.clock.advance(60)
    assert (await desk.client.post(path, headers=headers, json=TEXT)).status == 200
    answer = await desk.client.get(path, headers={**headers, "If-None-Match": seen})
    assert answer.status == 200 and answer.headers["ETag"] != seen
    assert "ETag" not in (await desk.client.get("/api/v1/items", headers=headers)).headers


async def test_changed_meanwhile(desk: Any) -> None:
    """412 for every deed on a thing that is no longer what was looked at; without a condition nothing is asked."""
    item, lan, quan = await desk.draft(), await desk.api("lan"), await desk.api("quan")
    path = f"/api/v1/items/{item.id}"
    seen = await tag(desk, path, lan)
    desk.clock.advance(60)
    assert (await desk.client.post(path, headers={**lan, "If-Match": seen}, json=TEXT)).status == 200
    for deed, fields in (("", TEXT), ("/submit", {}), ("/withdraw", {"note": "Sai"})):
        answer = await desk.client.post(f"{path}{deed}", headers={**quan, "If-Match": seen}, json=fields)
        plain = await answer.json()
        assert (answer.status, plain["type"]) == (412, "urn:problem-type:loa:changed-meanwhile"), deed
    now = await tag(desk, path, lan)
    assert (await desk.client.post(f"{path}/submit", headers={**lan, "If-Match": f"W/{now}"})).status == 412
    assert (await desk.client.post(f"{path}/submit", headers={**lan, "If-Match": now})).status == 200
    assert (await desk.client.post(f"{path}/send-back", headers=quan, json={"note": "Thiếu"})).status == 200


async def test_schedules_and_deliveries(desk: Any) -> None:
    """The same for what is paused or decided."""
    ids, headers = await desk.deliveries("fu"), await desk.api("quan")
    schedule = await desk.schedule()
    for path, deed, fields in (
        (f"/api/v1/schedules/{schedule.id}", "pause", {"note": "Chờ"}),
        (f"/api/v1/deliveries/{ids[1]}", "resolve", {"decision": "failed"}),
    ):
        seen = await tag(desk, path, headers)
        good = await desk.client.post(f"{path}/{deed}", headers={**headers, "If-Match": seen}, json=fields)
        assert good.status == 200, await good.text()
        late = await desk.client.post(f"{path}/{deed}", headers={**headers, "If-Match": seen}, json=fields)
        assert late.status == 412
    paused = await desk.client.post("/api/v1/outlets/sms/pause", headers={**headers, "If-Match": '"x"'})
    assert paused.status == 412
    answer = await desk.client.post("/api/v1/themes/ho-tich/retire", headers={**headers, "If-Match": '"x"'})
    assert (answer.status, (await answer.json())["field"]) == (400, "If-Match")


async def test_what_was_compared_is_guarded_until_the_deed(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edit that slips in after the tag was compared is not lost: the verb's own `base` refuses the later one."""
    item, lan = await desk.draft(), await desk.api("lan")
    path, real = f"/api/v1/items/{item.id}", Editing.revise
    seen = await tag(desk, path, lan)

    async def revise(self: Editing, tx: Any, id: str, draft: Any, by: str, *, base: str = "") -> Any:
        await real(self, tx, id, draft, "Lò Thị Mai")
        desk.clock.advance(1)
        return await real(self, tx, id, draft, by, base=base)

    monkeypatch.setattr(Editing, "revise", revise)
    answer = await desk.client.post(path, headers={**lan, "If-Match": seen}, json=TEXT)
    assert answer.status == 409
    assert await tag(desk, path, lan) == seen


async def test_an_approval_says_itself_what_it_is_of(desk: Any) -> None:
    """A matching tag does not stand for the digest."""
    item, hung = await desk.submitted(), await desk.api("hung")
    path = f"/api/v1/items/{item.id}"
    told = {**hung, "If-Match": await tag(desk, path, hung)}
    answer = await desk.client.post(f"{path}/approve", headers=told, json={})
    assert (answer.status, (await answer.json())["field"]) == (400, "digest")
