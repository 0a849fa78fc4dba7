"""A strict WordPress: slugs unique, a bin, roles, terms, a library of media; its errors as WordPress 6.1 words them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from aiohttp import BasicAuth, web

PASSWORD = "abcd EFGH 1234 ijkl MNOP 5678"
RIGHTS = {
    "editor": {"look", "publish", "terms"},
    "author": {"look", "publish"},
    "contributor": {"look"},
    "subscriber": set(),
}
STATUSES = {"publish", "future", "draft", "pending", "private"}
FIELDS = {"title", "content", "slug", "status", "categories"}
MP3 = "audio/mpeg"

Row = dict[str, Any]


class Fault(Exception):
    """An error of WordPress: its code, status and words, and what else stands in `data`."""

    def __init__(self, code: str, status: int, message: str = "Sorry.", **data: Any) -> None:
        super().__init__(code)
        self.told = {"code": code, "message": message, "data": {"status": status, **data}}
        self.status = status


class FakeWordPress:
    """One site; `log` says what was done to it. What `lose` says yes to is done, and its answer lost; `before` happens first.

    A site may be `blind` (its search finds no category), have `plain` permalinks, or a plug-in that `renames` every post.
    """

    def __init__(self) -> None:
        self.posts: dict[int, Row] = {}
        self.media: dict[int, Row] = {}
        self.terms: dict[int, str] = {1: "Chưa phân loại"}
        self.ids = count(10)
        self.log: list[str] = []
        self.lose: Callable[[str], bool] = lambda line: False
        self.before: Callable[[str], None] = lambda line: None
        self.renames = self.blind = False
        self.plain = False
        self.url = ""
        self.app = web.Application(client_max_size=64 * 2**20)
        self.app.router.add_route("*", "/{path:.*}", self.answer)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """A REST call or a reader's."""
        path, query = request.path, dict(request.query)
        if self.plain and path == "/" and "rest_route" in query:
            path = "/wp-json" + query.pop("rest_route")
        elif self.plain or not path.startswith("/wp-json/"):
            return self.read(request)
        path = path.removeprefix("/wp-json/wp/v2/")
        line = f"{request.method} {path}"
        self.before(line)
        try:
            told, status = await self.rest(request, path, query)
        except Fault as fault:
            told, status = fault.told, fault.status
        if request.method != "GET":
            self.log.append(f"{line} {status}")
        if self.lose(line):
            assert request.transport is not None
            request.transport.abort()
        fields = query.get("_fields", "").split(",")
        if status < 300:
            told = [cut(row, fields) for row in told] if isinstance(told, list) else cut(told, fields)
        return web.json_response(told, status=status)

    def read(self, request: web.Request) -> web.Response:
        """What a reader sees; a page that is larger than anything a partner should answer, unless only its head is asked for."""
        assert "Authorization" not in request.headers or request.path.startswith("/wp-json/")
        shown = {f"/{post['slug']}/" for post in self.posts.values() if post["status"] == "publish"}
        return web.Response(status=200 if request.path in shown else 404, text="." * 100_000)

    async def rest(self, request: web.Request, path: str, query: dict[str, str]) -> tuple[Any, int]:
        """The answer's JSON and status."""
        rights = self.rights(request)
        kind, _, id = path.partition("/")
        body = await request.json() if request.content_type == "application/json" and request.method == "POST" else {}
        if kind == "posts" and request.method == "GET":
            return self.find(query, rights), 200
        if kind == "media" and request.method == "GET":
            return [row for row in self.media.values() if fits(row, query)], 200
        if kind == "categories" and request.method == "GET":
            found = [] if self.blind else [id for id, name in self.terms.items() if query["search"] in name]
            return [{"id": id, "name": self.terms[id]} for id in found], 200
        if kind == "posts" and request.method == "POST":
            return (self.change(int(id), body, rights), 200) if id else (self.make(body, rights), 201)
        if kind == "media" and request.method == "POST":
            return (self.hang(int(id), body), 200) if id else (await self.upload(request, query, rights), 201)
        if kind == "categories" and request.method == "POST":
            return self.term(body["name"], rights), 201
        return self.delete(self.posts if kind == "posts" else self.media, int(id), force="force" in query), 200

    def rights(self, request: web.Request) -> set[str]:
        """What the account may do; with a wrong password one is a stranger, as in WordPress. Spaces in it do not count."""
        signed = BasicAuth.decode(request.headers["Authorization"], "utf-8")
        good = signed.password.replace(" ", "") == PASSWORD.replace(" ", "")
        return RIGHTS[signed.login] if good else set()

    def find(self, query: dict[str, str], rights: set[str]) -> list[Row]:
        """Posts by slugs and statuses. Other statuses than `publish` are not for strangers: 400, with a 401 inside."""
        statuses = set(query.get("status", "publish").split(","))
        assert statuses <= {*STATUSES, "trash"}
        if "look" not in rights:
            inner = {"code": "rest_forbidden_status", "message": "Status is forbidden.", "data": {"status": 401}}
            more = {"params": {"status": inner["message"]}, "details": {"status": inner}}
            raise Fault("rest_invalid_param", 400, "Invalid parameter(s): status", **more)
        return [
            row for row in self.posts.values() if row["status"] in statuses and row["slug"] in query["slug"].split(",")
        ]

    def make(self, body: Row, rights: set[str]) -> Row:
        """A new post."""
        id = next(self.ids)
        self.check(body, rights)
        self.posts[id] = {"id": id, "slug": "", "status": "draft", "categories": [1]}
        return self.change(id, body, rights)

    def check(self, body: Row, rights: set[str]) -> None:
        """Fields and rights."""
        assert set(body) <= FIELDS
        if "publish" not in rights:
            raise Fault("rest_cannot_publish", 403, "Sorry, you are not allowed to publish posts in this post type.")
        if body["title"] == "không hợp lệ":
            raise Fault("rest_invalid_param", 400, "Invalid parameter(s): title", params={"title": "title is bad"})
        assert all(id in self.terms for id in body.get("categories", ()))

    def change(self, id: int, body: Row, rights: set[str]) -> Row:
        """Fields of a post; its slug is made unique, as WordPress does it."""
        self.check(body, rights)
        post = self.posts[id]
        taken = {row["slug"] for row in (*self.posts.values(), *self.media.values()) if row["id"] != id}
        slug = f"x-{body['slug']}" if self.renames else body["slug"]
        number = 2
        while slug in taken:
            slug, number = f"{body['slug']}-{number}", number + 1
        post |= {**body, "slug": slug}
        post["link"] = f"{self.url}/{slug}/" if post["status"] == "publish" else f"{self.url}/?p={id}"
        return post

    def term(self, name: str, rights: set[str]) -> Row:
        """A new category."""
        known = next((id for id, term in self.terms.items() if term == name), None)
        if known is not None:
            raise Fault("term_exists", 400, "A term with the name provided already exists.", term_id=known)
        if "terms" not in rights:
            raise Fault("rest_cannot_create", 403, "Sorry, you are not allowed to create terms in this taxonomy.")
        id = next(self.ids)
        self.terms[id] = name
        return {"id": id}

    async def upload(self, request: web.Request, query: dict[str, str], rights: set[str]) -> Row:
        """Bytes with their type and name."""
        data = await request.read()
        if "publish" not in rights:
            raise Fault("rest_cannot_create", 400, "Sorry, you are not allowed to upload media on this site.")
        if data == b"cam":
            raise Fault("rest_upload_sideload_error", 500, "Sorry, you are not allowed to upload this file type.")
        name = request.headers["Content-Disposition"].removeprefix('attachment; filename="').removesuffix('"')
        assert name.endswith(".mp3") and name.isascii() and request.content_type == MP3
        id = next(self.ids)
        url = f"{self.url}/wp-content/uploads/{name}"
        self.media[id] = {"id": id, "slug": query["slug"], "source_url": url, "post": None, "data": data}
        return self.media[id]

    def hang(self, id: int, body: Row) -> Row:
        """A file comes under a post."""
        assert set(body) == {"post"} and body["post"] in self.posts
        self.media[id]["post"] = body["post"]
        return self.media[id]

    def delete(self, rows: dict[int, Row], id: int, *, force: bool) -> Row:
        """Into the bin, or for good."""
        if id not in rows:
            raise Fault("rest_post_invalid_id", 404, "Invalid post ID.")
        if force:
            return rows.pop(id)
        if rows is self.media:
            raise Fault("rest_trash_not_supported", 501, "The post does not support trashing.")
        if rows[id]["status"] == "trash":
            raise Fault("rest_already_trashed", 410, "The post has already been deleted.")
        rows[id] |= {"status": "trash", "slug": f"{rows[id]['slug']}__trashed"}
        return rows[id]


def fits(row: Row, query: dict[str, str]) -> bool:
    """Whether a file is under that parent, or has that slug."""
    return str(row["post"]) == query["parent"] if "parent" in query else row["slug"] == query["slug"]


def cut(row: Row, fields: list[str]) -> Row:
    """Only what was asked for: all of it would be long."""
    assert fields != [""]
    return {name: row[name] for name in fields if name in row}
