"""The `wordpress` kind against a strict simulated site: one post an item, whatever answers are lost."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from channels.answer import SendError
from channels.channel import Asked, Outlet, Receipt, Refused, To, Unavailable, Unsure
from channels.http import Http
from channels.kinds.wordpress import WordPress, WordPressOptions, marker_of
from channels.reasons import Reason
from content.bulletin import Audio
from tests.channels.partners.wordpress import PASSWORD, FakeWordPress

SOUND, NEW_SOUND = b"am thanh mot", b"am thanh hai"
FILES: dict[str, bytes] = {}


def audio(data: bytes) -> Audio:
    """A recording of the studio."""
    sha256 = hashlib.sha256(data).hexdigest()
    FILES[f"{sha256}.mp3"] = data
    return Audio(f"{sha256}.mp3", len(data), 12.0, sha256)


async def load(wanted: Audio) -> bytes:
    """See Load."""
    return FILES[wanted.name]


@dataclass
class Office:
    """A site, the kind, and what it is sent with."""

    site: FakeWordPress
    http: Http
    make: Any
    kind: WordPress

    def outlet(self, role: str = "editor", **options: Any) -> Outlet[WordPressOptions]:
        """An outlet that signs in as one of the site's roles."""
        told = {"url": self.site.url, "login": role, "application_password": PASSWORD, **options}
        outlet: Outlet[WordPressOptions] = self.make.outlet(WordPressOptions(**told), load=load)
        return outlet

    async def send(self, outlet: Outlet[WordPressOptions], *parts: Any) -> Receipt:
        """One send of these parts, or of one with a recording."""
        bulletin = self.make.bulletin(*(parts or (self.part(),)))
        return await self.kind.send(bulletin, outlet, To("d-1", ""), self.http)

    async def fails(self, outlet: Outlet[WordPressOptions], error: type[SendError], *parts: Any) -> Any:
        """One that must fail so."""
        with pytest.raises(error) as caught:
            await self.send(outlet, *parts)
        return caught.value

    def part(self, *item: str, sound: bytes = SOUND, **more: Any) -> Any:
        """A part with a recording."""
        return self.make.part(*item, **{"audio": audio(sound), **more})

    def posted(self) -> Any:
        """The only post there is."""
        (post,) = self.site.posts.values()
        return post


@pytest.fixture
async def office(make: Any, http: Http) -> AsyncIterator[Office]:
    """An empty site on a random port."""
    site = FakeWordPress()
    async with TestServer(site.app) as server:
        site.url = str(server.make_url("")).rstrip("/")
        yield Office(site, http, make, WordPress())


async def test_a_post_has_category_recording_and_slug(office: Office) -> None:
    """Title and category as text, not as HTML; the player before the article; the address is the receipt."""
    outlet = office.outlet()
    part = office.part(title="Giá < 5 nghìn & điện", theme="Văn hóa & Xã hội")
    receipt = await office.send(outlet, part)
    post, (sound,) = office.posted(), office.site.media.values()
    assert receipt.reference == post["link"] == f"{office.site.url}/{marker_of(outlet, part)}/"
    assert post["title"] == "Giá &lt; 5 nghìn &amp; điện" and post["status"] == "publish"
    assert [office.site.terms[id] for id in post["categories"]] == ["Văn hóa &amp; Xã hội"]
    assert sound["data"] == SOUND and sound["post"] == post["id"]
    player, _, article = post["content"].partition("\n\n")
    assert f'<audio controls src="{sound["source_url"]}">' in player and article == part.article


async def test_the_same_again_changes_nothing(office: Office) -> None:
    """One post, one category, one file; the second send only looks, and updates."""
    outlet = office.outlet()
    receipts = [await office.send(outlet) for _ in range(3)]
    assert len(set(receipts)) == 1 and len(office.site.media) == 1
    made = [line for line in office.site.log if line.endswith(" 201")]
    assert made == ["POST categories 201", "POST media 201", "POST posts 201"]


@pytest.mark.parametrize("start", ["POST posts", "POST media", "POST categories", "POST media/"])
async def test_a_lost_answer_makes_no_second_post(office: Office, start: str) -> None:
    """Whichever answer is lost, the next try goes on from what is there."""
    lost: list[str] = []

    def lose(line: str) -> bool:
        if line.startswith(start) and not lost:
            lost.append(line)
            return True
        return False

    office.site.lose = lose
    outlet = office.outlet()
    await office.fails(outlet, Unsure)
    receipt = await office.send(outlet)
    assert receipt.reference == office.posted()["link"] and len(office.site.media) == 1 and len(office.site.terms) == 2


async def test_a_correction_keeps_the_address(office: Office) -> None:
    """New text, new category, new recording, the old one deleted; without a recording there is none."""
    outlet = office.outlet()
    first = await office.send(outlet)
    second = await office.send(outlet, office.part(article="<p>đã sửa</p>", theme="Lũ", sound=NEW_SOUND))
    post, (sound,) = office.posted(), office.site.media.values()
    assert second == first and post["content"].endswith("<p>đã sửa</p>") and sound["data"] == NEW_SOUND
    assert [office.site.terms[id] for id in post["categories"]] == ["Lũ"]
    await office.send(outlet, office.part(audio=None))
    assert office.site.media == {} and "<audio" not in office.posted()["content"]


async def test_every_part_is_a_post(office: Office) -> None:
    """And another outlet on the same site has its own."""
    outlet = office.outlet(attach_audio=False, category="Tin xã")
    receipt = await office.send(outlet, office.part(), office.part("it2", slug="hop-ban"))
    assert len(receipt.reference.split()) == len(office.site.posts) == 2
    other = office.make.outlet(outlet.options, name="diem-2", load=load)
    await office.send(other)
    assert len(office.site.posts) == 3 and set(office.site.terms.values()) == {"Chưa phân loại", "Tin xã"}
    assert office.site.media == {}


async def test_a_site_with_plain_permalinks(office: Office) -> None:
    """`/?rest_route=` in the place of `/wp-json/`; there the latter is nobody's address."""
    office.site.plain = True
    await office.send(office.outlet(plain_permalinks=True, categories=False))
    assert office.posted()["categories"] == [1]
    assert (await office.fails(office.outlet(), Unavailable)).person


async def test_a_category_that_search_does_not_find(office: Office) -> None:
    """WordPress says which one it has."""
    office.site.blind = True
    await office.send(office.outlet())
    await office.send(office.outlet())
    assert len(office.site.terms) == 2


async def test_two_at_once_leave_one_post(office: Office) -> None:
    """Another process has posted between our look and our post: what was made second is taken back, and tried again."""
    outlet = office.outlet(categories=False, attach_audio=False)
    marker = marker_of(outlet, office.part())

    def meanwhile(line: str) -> None:
        if line == "POST posts" and not office.site.posts:
            office.site.make({"title": "", "slug": marker, "status": "publish"}, {"publish"})

    office.site.before = meanwhile
    error = await office.fails(outlet, Unavailable)
    assert not error.person and f"{marker}-2" in error.vi and office.posted()["slug"] == marker
    await office.send(outlet)
    assert office.posted()["content"]


async def test_a_plug_in_that_changes_slugs_is_told(office: Office) -> None:
    """Without its marker a post would be made again at every try: none is left."""
    office.site.renames = True
    assert "x-mua-lon" in (await office.fails(office.outlet(), Unavailable)).vi
    assert office.site.posts == {}


async def test_withdrawn_it_is_in_the_bin_and_can_come_back(office: Office) -> None:
    """Its recordings are gone; again is done too; sent again it stands at the same address."""
    outlet, part = office.outlet(), office.part()
    assert (await office.kind.withdraw(part, outlet, office.http)).reference == ""
    sent = await office.send(outlet)
    withdrawn = await office.kind.withdraw(part, outlet, office.http)
    assert withdrawn.reference == sent.reference and office.posted()["status"] == "trash" and office.site.media == {}
    done = list(office.site.log)
    await office.kind.withdraw(part, outlet, office.http)
    assert office.site.log == done
    again = await office.send(outlet)
    assert again == sent and office.posted()["status"] == "publish" and len(office.site.media) == 1


async def test_a_test_is_a_draft_that_goes_to_the_bin(office: Office) -> None:
    """Also the second time; there is one post in all."""
    kind, outlet = office.kind, office.outlet()
    receipt = await kind.try_out(office.make.bulletin(office.part()), outlet, To("test-1", outlet.name), office.http)
    assert "trash" == office.posted()["status"] and not receipt.reference
    await kind.try_out(office.make.bulletin(office.part()), outlet, To("test-2", outlet.name), office.http)
    assert "trash" == office.posted()["status"]


async def test_withdrawn_by_somebody_else_meanwhile(office: Office) -> None:
    """The bin has it already."""
    outlet, part = office.outlet(attach_audio=False), office.part()
    await office.send(outlet)

    def meanwhile(line: str) -> None:
        if line.startswith("DELETE posts/"):
            office.posted().update(status="trash")

    office.site.before = meanwhile
    await office.kind.withdraw(part, outlet, office.http)
    assert office.site.log[-1].endswith(" 410")


async def test_what_was_sent_can_be_confirmed(office: Office) -> None:
    """When everybody can open every address; a post that is gone has failed; without an address nothing is known."""
    outlet, to = office.outlet(), To("d-1", "")
    reference = (await office.send(outlet, office.part(), office.part("it2", slug="hop-ban"))).reference
    told = await office.kind.ask(to, reference, outlet, office.http)
    assert told is not None and told.delivered and (told.delivery, told.reference) == ("d-1", reference)
    await office.kind.withdraw(office.part("it2", slug="hop-ban"), outlet, office.http)
    gone = await office.kind.ask(to, reference, outlet, office.http)
    assert gone is not None and not gone.delivered and reference.split()[1] in gone.detail
    assert await office.kind.ask(to, "", outlet, office.http) is None


async def test_what_an_editor_has_still_to_publish_has_not_failed(office: Office) -> None:
    """Looked at later, a post that is held is left as it is; once it can be read, that is confirmed."""
    outlet = office.outlet()
    asked = Asked(To("d-1", ""), (await office.send(outlet)).reference)
    office.posted()["status"] = "pending"
    assert await office.kind.ask_all([asked], outlet, office.http) == []
    office.posted()["status"] = "publish"
    (told,) = await office.kind.ask_all([asked], outlet, office.http)
    assert told.delivered and told.delivery == "d-1"


async def test_an_address_that_leads_elsewhere_proves_nothing(office: Office, world: Any, does: Any) -> None:
    """WordPress guesses where a lost reader wanted to go, and a site may ask for a sign-in."""
    for status in (301, 302, 401, 403):
        world.will(does.reply(status, b"", Location="https://xa.vn/"))
        assert await office.kind.ask(To("d-1", ""), f"{world.url}/bai/", office.outlet(), office.http) is None


@pytest.mark.parametrize(
    ("role", "password", "words"),
    [
        ("editor", "sai-mat-khau", "rest_invalid_param: Invalid parameter(s): status Status is forbidden."),
        ("subscriber", PASSWORD, "status Status is forbidden."),
        ("contributor", PASSWORD, "rest_cannot_create: Sorry, you are not allowed to create terms"),
        ("author", PASSWORD, "rest_cannot_create"),
    ],
)
async def test_an_account_without_the_right_calls_a_person(
    office: Office, role: str, password: str, words: str
) -> None:
    """With WordPress's own code and words; nothing has been posted."""
    error = await office.fails(office.outlet(role, application_password=password), Unavailable)
    assert (error.reason, error.person) == (Reason.ACCOUNT, True) and words in error.vi and words in error.en
    assert office.site.posts == {} and password not in error.vi


@pytest.mark.parametrize(("audio_on", "words"), [(False, "rest_cannot_publish"), (True, "rest_cannot_create")])
async def test_who_may_not_publish_or_upload(office: Office, audio_on: bool, words: str) -> None:
    """Uploading is forbidden with a 400."""
    outlet = office.outlet("contributor", categories=False, attach_audio=audio_on)
    error = await office.fails(outlet, Unavailable)
    assert (error.reason, error.person) == (Reason.ACCOUNT, True) and words in error.vi


async def test_what_it_never_takes_is_refused(office: Office) -> None:
    """A bad field, and a file type the site forbids though it says 500."""
    error = await office.fails(office.outlet(), Refused, office.part(title="không hợp lệ"))
    assert error.reason == Reason.TEXT and "rest_invalid_param: Invalid parameter(s): title title is bad" in error.vi
    error = await office.fails(office.outlet(), Refused, office.part(sound=b"cam"))
    assert error.reason == Reason.TEXT and "rest_upload_sideload_error" in error.vi
    assert office.site.posts == {}


async def test_a_look_that_fails_has_sent_nothing(office: Office, world: Any, does: Any, make: Any) -> None:
    """Whatever comes of it, nothing is in doubt and no password is told."""
    outlet = make.outlet(WordPressOptions(url=world.url, login="editor", application_password=PASSWORD))
    for reaction in (
        does.drop,
        does.cut,
        does.reply(500, b"oops"),
        does.reply(200, b"{}"),
        *map(does.echo_with, (200, 500)),
    ):
        world.will(reaction)
        error = await office.fails(outlet, Unavailable)
        assert not error.person and PASSWORD not in f"{error.vi} {error.en}"
    world.will(does.reply(503, b'{"code": "bao_tri", "message": "", "data": null}', Retry_After="600"))
    error = await office.fails(outlet, Unavailable)
    assert error.retry_after == 600 and "bao_tri" in error.vi


async def test_what_is_held_back_is_told(office: Office, world: Any, does: Any, make: Any) -> None:
    """A site whose plug-in wants another look at every post."""
    told = {
        "url": world.url,
        "login": "x",
        "application_password": PASSWORD,
        "categories": False,
        "attach_audio": False,
    }
    outlet = make.outlet(WordPressOptions(**told))
    post = f'{{"id": 3, "slug": "{marker_of(outlet, make.part())}", "status": "pending", "link": "https://xa.vn/?p=3"}}'
    world.will(does.reply(200, b"[]"), does.reply(201, post.encode()))
    receipt = await office.send(outlet, make.part())
    assert (
        receipt.reference == "https://xa.vn/?p=3" and "chưa công khai: https://xa.vn/?p=3 (pending)" in receipt.detail
    )
