"""A strict OpenID provider on a real socket: one client, codes that are good once, PKCE, keys that can be changed."""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from joserfc import jwk, jwt

CLIENT, SECRET = "loa", "bi mat/của:loa"


@dataclass
class Issuer:
    """`claims` are added to what it says of whoever comes; `tamper` may change the token's header, claims and key."""

    url: str = ""
    now: Any = None
    claims: dict[str, Any] = field(default_factory=lambda: {"preferred_username": "lan"})
    header: dict[str, Any] = field(default_factory=dict)
    away: bool = False
    names_itself: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.new_key()

    def new_key(self) -> None:
        """Another key under another name, the old one gone."""
        self.key = jwk.RSAKey.generate_key(2048, parameters={"kid": secrets.token_hex(4)}, private=True)

    @property
    def app(self) -> web.Application:
        """Its addresses."""
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._metadata)
        app.router.add_get("/keys", self._keys)
        app.router.add_post("/token", self._token)
        return app

    def visited(self, address: str) -> str:
        """A person follows the browser's address and says yes; where the browser is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query, strict_parsing=True).items()}
        assert address.startswith(f"{self.url}/authorize?")
        assert asked["response_type"] == "code" and asked["client_id"] == CLIENT and "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256" and len(asked["state"]) > 40 < len(asked["nonce"])
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{urlsplit(asked['redirect_uri']).path}?code={code}&state={asked['state']}"

    async def _metadata(self, request: web.Request) -> web.Response:
        if self.away:
            return web.Response(status=503)
        told = {
            name: f"{self.url}/{path}"
            for name, path in {
                "authorization_endpoint": "authorize",
                "token_endpoint": "token",
                "jwks_uri": "keys",
            }.items()
        }
        return web.json_response({"issuer": self.names_itself or self.url, **told})

    async def _keys(self, request: web.Request) -> web.Response:
        return web.json_response({"keys": [self.key.as_dict(private=False)]})

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        kind, _, pair = request.headers.get("Authorization", "").partition(" ")
        if kind != "Basic" or b64decode(pair).decode() != "loa:bi%20mat%2Fc%E1%BB%A7a%3Aloa":
            return web.json_response({"error": "invalid_client"}, status=401)
        asked = self.codes.pop(str(form.get("code")), None)
        if form["grant_type"] != "authorization_code" or asked is None or form["redirect_uri"] != asked["redirect_uri"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        challenge = (
            urlsafe_b64encode(hashlib.sha256(str(form["code_verifier"]).encode()).digest()).rstrip(b"=").decode()
        )
        if challenge != asked["code_challenge"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"id_token": self.token(asked["nonce"]), "token_type": "Bearer", "access_token": "x"})

    def token(self, nonce: str) -> str:
        """What it says."""
        at = int(self.now().timestamp())
        claims = {"iss": self.url, "aud": CLIENT, "sub": "42", "iat": at, "exp": at + 300, "nonce": nonce} | self.claims
        kept = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "RS256", "kid": self.key.kid} | self.header
        key: Any = self.key
        if header["alg"] == "HS256":  # by what the client knows too
            key = jwk.OctKey.import_key(SECRET)
        return str(jwt.encode(header, kept, key))
