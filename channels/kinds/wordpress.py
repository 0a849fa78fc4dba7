"""Kind `wordpress`: every part of a bulletin as a post of a WordPress site, over its REST API with an application password.

WordPress takes no id of ours: the same request twice makes two posts. Our marker is the post's slug, which WordPress keeps
unique: the item's slug and a short hash of outlet and item. Before anything is posted, the post of that slug is looked for
in every status, the bin too, and is updated when it is there. So a repeat after a lost answer, a second delivery and a
corrected revision all end in one post at one address; sending again is always safe.

Sources: developer.wordpress.org/rest-api/reference; WordPress 6.1. Application passwords came with WordPress 5.6.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape, unescape
from typing import Any
from urllib.parse import urlencode

from pydantic import Field, SecretStr

from channels.answer import SHOWN_CHARACTERS, Answer, SendError, status_error
from channels.channel import (
    Asked,
    Channel,
    Confirmation,
    Form,
    Options,
    Outlet,
    Pace,
    Polling,
    Receipt,
    Refused,
    To,
    Unavailable,
    Unsure,
    Word,
)
from channels.http import Http
from channels.options import BaseAddress
from channels.reasons import Reason
from channels.recordings import SENDING_SECONDS
from content.bulletin import Audio, Bulletin, Part

LIVE = "publish,future,draft,pending,private"
IN_BIN = "__trashed"
"""WordPress puts this behind the slug of a post in the bin, and takes it away when the post comes back."""
_JSON = {"Content-Type": "application/json"}
_OF_POST = {"_fields": "id,slug,status,link"}
_OF_SOUND = {"_fields": "id,source_url,post"}
_NEVER = frozenset({"rest_upload_sideload_error", "rest_trash_not_supported"})
_GONE = frozenset({"rest_already_trashed", "rest_post_invalid_id"})


class WordPressOptions(Options):
    """Options of a WordPress site."""

    url: BaseAddress = Field(
        description=Word(
            "Địa chỉ trang WordPress (https://...), không kèm /wp-json.",
            "Address of the WordPress site (https://...), without /wp-json.",
        )
    )
    login: str = Field(
        min_length=1,
        description=Word("Tên đăng nhập, vai trò Biên tập viên (Editor).", "User name of an account (Editor role)."),
    )
    application_password: SecretStr = Field(
        min_length=8,
        description=Word(
            "Mật khẩu ứng dụng tạo ở trang Hồ sơ của người dùng đó (không phải mật khẩu đăng nhập).",
            "Application password made on that user's Profile page (not the sign-in password).",
        ),
    )
    plain_permalinks: bool = Field(
        default=False,
        description=Word(
            "Bật khi trang để Đường dẫn tĩnh là Đơn giản (Plain), tức là /wp-json/ không mở được.",
            "Turn on when the site's Permalinks are simple (Plain), that is, /wp-json/ does not open.",
        ),
    )
    categories: bool = Field(
        default=True,
        description=Word(
            "Xếp bài vào chuyên mục; chuyên mục chưa có thì tạo.",
            "Put posts into categories; a category that is not there yet is made.",
        ),
    )
    category: str = Field(
        default="",
        description=Word(
            "Chuyên mục cố định; để trống thì theo chủ đề của tin bài.",
            "Fixed category; if empty, the theme of the item.",
        ),
    )
    attach_audio: bool = Field(
        default=True,
        description=Word(
            "Đăng kèm bản ghi âm (MP3) và nút nghe, khi tin có bản ghi âm.",
            "Publish the recording (MP3) with a play button, when the item has one.",
        ),
    )


class WordPress(Channel[WordPressOptions]):
    """A WordPress site publishes the articles; the address of the first post is what a reader is shown."""

    kind = "wordpress"
    title_vi = "WordPress (đăng bài)"
    title_en = "WordPress (posts)"
    form = Form.ARTICLE
    options = WordPressOptions
    replaces = True
    tried_vi = "Một bài nháp được tạo rồi bỏ ngay vào thùng rác; người đọc trang không thấy."
    tried_en = "A draft post is created and put into the trash at once; readers of the site do not see it."
    pace = Pace(per_second=1, at_once=1)

    async def send(self, bulletin: Bulletin, outlet: Outlet[WordPressOptions], to: To, http: Http) -> Receipt:
        """A post for every part, made or brought up to date; the reference is their public addresses, parted by spaces."""
        site = _Site(outlet, http)
        posts = [await site.put(part) for part in bulletin.parts]
        held = [f"{post.link} ({post.status})" for post in posts if post.status != "publish"]
        detail = Word("đã đăng", "published")
        if held:
            listed = ", ".join(held)
            vi, en = f"WordPress nhận nhưng chưa công khai: {listed}", f"WordPress has it but not in public: {listed}"
            detail = Word(vi, en)
        return Receipt(" ".join(post.link for post in posts), detail)

    async def try_out(self, bulletin: Bulletin, outlet: Outlet[WordPressOptions], to: To, http: Http) -> Receipt:
        """A draft is made and goes to the bin."""
        part = bulletin.parts[0]
        await _Site(outlet, http).put(part, status="draft")
        await self.withdraw(part, outlet, http)
        return Receipt(
            detail=Word("đã tạo một bài nháp và bỏ vào thùng rác", "a draft post was made and put into the trash")
        )

    async def ask(self, to: To, reference: str, outlet: Outlet[WordPressOptions], http: Http) -> Confirmation | None:
        """Whether everybody can read the posts: their addresses are asked for as a stranger would."""
        for address in reference.split():
            answer = await http.request("HEAD", address, accept=range(300, 500))
            if answer.status in {404, 410}:
                gone = f"không có bài ở {address} ({answer.status})"
                return Confirmation(False, to.delivery, reference, Reason.OTHER, gone)
            if not answer.good:
                return None
        return Confirmation(True, to.delivery, reference, detail="ai cũng mở được bài") if reference else None

    def polling(self, outlet: Outlet[WordPressOptions]) -> Polling:
        """The site is a reader's page there: it is looked at a minute later, and until somebody publishes what it held."""
        return Polling(timedelta(minutes=1), timedelta(days=3), paced=False)

    async def ask_all(
        self, asked: Sequence[Asked], outlet: Outlet[WordPressOptions], http: Http
    ) -> Sequence[Confirmation]:
        """What can be read by everybody. What cannot may wait for an editor of the site: it has not failed."""
        return [one for one in await super().ask_all(asked, outlet, http) if one.delivered]

    async def withdraw(self, part: Part, outlet: Outlet[WordPressOptions], http: Http) -> Receipt:
        """The post goes to the bin, its recordings go for good; nothing there to be withdrawn is done too.

        Sent again, the post comes back from the bin to its address.
        """
        site = _Site(outlet, http)
        marker = marker_of(outlet, part)
        post = await site.find(marker)
        if post is None or post.status == "trash":
            return Receipt(detail="không còn bài nào để gỡ")
        # The recordings first: once the post is in the bin, nothing leads to them any more.
        await site.drop_recordings(post, marker)
        await site.ask("DELETE", f"posts/{post.id}", but=_GONE)
        return Receipt(post.link, "đã chuyển bài vào thùng rác")


def marker_of(outlet: Outlet[WordPressOptions], part: Part) -> str:
    """The slug by which our post of this item is found again; the outlet is in it, since two may share a site."""
    name = hashlib.sha256(f"{outlet.name}\n{part.item}".encode()).hexdigest()[:8]
    return f"{part.slug}-{name}"


@dataclass(frozen=True, slots=True)
class _Post:
    """A post as WordPress tells it."""

    id: int
    slug: str
    status: str
    link: str


@dataclass(frozen=True, slots=True)
class _Site:
    """A WordPress site as the outlet's account sees it."""

    outlet: Outlet[WordPressOptions]
    http: Http

    async def put(self, part: Part, status: str = "publish") -> _Post:
        """The part's post, made or brought up to date. Raises Unavailable when another send has just made it."""
        options, marker = self.outlet.options, marker_of(self.outlet, part)
        found = await self.find(marker)
        fields: dict[str, Any] = {"title": escape(part.title, quote=False), "slug": marker, "status": status}
        name = options.category or part.theme
        if options.categories and name:
            fields["categories"] = [await self._category(name)]
        sound = await self._recording(part, marker) if options.attach_audio and part.audio else None
        fields["content"] = (_player(sound) if sound else "") + part.article
        post = _post(await self.ask("POST", f"posts/{found.id}" if found else "posts", _OF_POST, fields))
        if post.slug != marker:
            await self._undo(post, marker, made=found is None)
        if sound and sound["post"] != post.id:
            await self.ask("POST", f"media/{sound['id']}", body={"post": post.id})
        if found and options.attach_audio:
            await self.drop_recordings(post, marker, but=sound["id"] if sound else 0)
        return post

    async def find(self, marker: str) -> _Post | None:
        """The post with our marker, in whatever status."""
        query = {"slug": f"{marker},{marker}{IN_BIN}", "status": f"{LIVE},trash", **_OF_POST}
        posts = [_post(one) for one in await self.look("posts", query)]
        return next((post for post in posts if post.slug == marker), posts[0] if posts else None)

    async def drop_recordings(self, post: _Post, marker: str, but: int = 0) -> None:
        """Delete the recordings of ours that hang on a post: what was corrected or withdrawn shall not be heard any more."""
        query = {"parent": post.id, "per_page": 100, "_fields": "id,slug"}
        for one in await self.look("media", query):
            if one["id"] != but and str(one["slug"]).startswith(f"{marker}-"):
                await self.ask("DELETE", f"media/{one['id']}", {"force": "true"}, but=_GONE)

    async def _undo(self, post: _Post, marker: str, *, made: bool) -> None:
        """WordPress gave a post another slug than ours, which was taken meanwhile: a new one is one too many."""
        if made:
            await self.ask("DELETE", f"posts/{post.id}", {"force": "true"}, but=_GONE)
        raise Unavailable(
            Reason.OTHER,
            f"WordPress đổi đường dẫn {marker} thành {post.slug}: có bài khác giữ đường dẫn này, hoặc một plugin đổi nó",
            f"WordPress changed the slug {marker} to {post.slug}: another post has it, or a plug-in changes slugs",
        )

    async def _category(self, name: str) -> int:
        """The id of the category of that name, which is made when there is none."""
        written = escape(name, quote=False)  # as WordPress keeps it
        query = {"search": written, "per_page": 100, "_fields": "id,name"}
        for one in await self.look("categories", query):
            if unescape(str(one["name"])).casefold() == name.casefold():
                return int(one["id"])
        made = await self.ask("POST", "categories", body={"name": written}, but={"term_exists"})
        return int(made["id"] if "id" in made else made["data"]["term_id"])

    async def _recording(self, part: Part, marker: str) -> dict[str, Any]:
        """The part's recording in the library (`id`, `source_url`, `post` it hangs on), uploaded if it is not there."""
        audio = part.audio
        assert audio is not None
        name = f"{marker}-{audio.sha256[:12]}"
        for one in await self.look("media", {"slug": name, **_OF_SOUND}):
            return one
        return await self._upload(name, part.title, audio)

    async def _upload(self, name: str, title: str, audio: Audio) -> dict[str, Any]:
        data = await self.outlet.load(audio)
        headers = {"Content-Type": "audio/mpeg", "Content-Disposition": f'attachment; filename="{name}.mp3"'}
        query = {"slug": name, "title": escape(title, quote=False), **_OF_SOUND}
        return _rows([await self.ask("POST", "media", query, data, headers)])[0]

    async def look(self, path: str, query: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The things WordPress has there. Looking changes nothing: an answer in doubt is Unavailable."""
        try:
            return _rows(await self.ask("GET", path, query))
        except Unsure as error:
            raise Unavailable(error.reason, error.vi, error.en) from None

    async def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | bytes = b"",
        headers: Mapping[str, str] | None = None,
        but: Collection[str] = (),
    ) -> Any:
        """What WordPress answers, as JSON: only the id unless `query` asks for more. Its errors in `but` are answers too."""
        options = self.outlet.options
        pair = b64encode(f"{options.login}:{options.application_password.get_secret_value()}".encode()).decode()
        signed = {"Authorization": f"Basic {pair}", **(headers or _JSON)}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = await self.http.request(
            method,
            _address(options, path, {"_fields": "id", **(query or {})}),
            headers=signed,
            body=data,
            accept=range(400, 600),
            hide=options.secrets,
            seconds=SENDING_SECONDS if headers else None,
        )
        return _read(answer, self.http.now(), but)


def _address(options: WordPressOptions, path: str, query: Mapping[str, Any]) -> str:
    if options.plain_permalinks:
        return f"{options.url}/?{urlencode({'rest_route': f'/wp/v2/{path}', **query})}"
    return f"{options.url}/wp-json/wp/v2/{path}?{urlencode(query)}"


def _read(answer: Answer, now: datetime, but: Collection[str]) -> Any:
    """The answer's JSON. Raises what an error in it means, whatever the status says."""
    try:
        told = json.loads(answer.body)
    except (ValueError, RecursionError):
        told = None
    if isinstance(told, dict) and "code" in told and "message" in told:
        if str(told["code"]) in but:
            return told
        raise _error(answer, told, now)
    if not answer.good:
        raise status_error(answer, now)
    return answer.json()


def _error(answer: Answer, told: Mapping[str, Any], now: datetime) -> SendError:
    """What an error of WordPress means, in its own code and words (`message`, and of bad fields `data.params`)."""
    code, data = str(told["code"]), told["data"] if isinstance(told.get("data"), dict) else {}
    status = data["status"] if isinstance(data.get("status"), int) else answer.status
    fields = data["params"].values() if isinstance(data.get("params"), dict) else ()
    words = answer.mask(" ".join([f"{code}: {told['message']}", *map(str, fields)]))[:SHOWN_CHARACTERS]
    vi, en = f"WordPress trả lời {status} {words}", f"WordPress answered {status} {words}"
    if code in _NEVER:
        return Refused(Reason.TEXT, vi, en)
    # A wrong password makes a stranger of us, who may not look into the bin: that, and uploading, is forbidden with 400.
    if status in {401, 403} or code == "rest_cannot_create" or "rest_forbidden_status" in answer.text():
        vi, en = f"tài khoản hoặc quyền không đúng; {vi}", f"the account or its rights are wrong; {en}"
        return Unavailable(Reason.ACCOUNT, vi, en, person=True)
    if status == 400:
        return Refused(Reason.TEXT, vi, en)
    return status_error(answer._replace(status=status, body=words.encode()), now)


def _rows(told: Any) -> list[dict[str, Any]]:
    """A list of things with an id. Unsure when it is something else."""
    if isinstance(told, list) and all(isinstance(one, dict) and isinstance(one.get("id"), int) for one in told):
        return told
    raise Unsure("answer", "WordPress trả lời lạ, không có mã số", "WordPress answered something without ids")


def _post(told: Any) -> _Post:
    row = _rows([told])[0]
    return _Post(row["id"], *(str(row.get(name, "")) for name in ("slug", "status", "link")))


def _player(sound: Mapping[str, Any]) -> str:
    """The audio block of WordPress's own editor: the browser's player, no script."""
    src = escape(str(sound["source_url"]))
    return (
        f'<!-- wp:audio {{"id":{sound["id"]}}} -->\n<figure class="wp-block-audio">'
        f'<audio controls src="{src}"></audio></figure>\n<!-- /wp:audio -->\n\n'
    )
