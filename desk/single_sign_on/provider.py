"""Who vouches for people: where it is asked, the code exchanged, its word on who came held against its keys.

OpenID Connect Core 1.0 (code flow), Discovery 1.0; PKCE (RFC 7636). Nothing is taken on trust but the issuer's own address.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from channels.answer import SendError
from channels.http import Http
from config.clock import Clock
from config.lazy import lazily
from config.settings import SignInSettings

if TYPE_CHECKING:
    from joserfc import errors, jwk, jwt
else:
    errors, jwk, jwt = lazily("joserfc.errors"), lazily("joserfc.jwk"), lazily("joserfc.jwt")

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures by a key that only the issuer has; never a shared secret, never none."""
SCOPE = "openid profile email"
KNOWN_SECONDS = 3600.0
LEEWAY = 60
"""Seconds the issuer's clock may differ."""


class Refused(Exception):
    """The issuer does not vouch, or not in a way that can be believed; the words are for the log."""


class Away(Exception):
    """The issuer cannot be asked now; the words are for the log."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the issuer says of itself."""

    authorization: str
    token: str
    keys: str
    basic: bool


class Provider:
    """The issuer of the settings. Its metadata are remembered for an hour, its keys until one is missing."""

    def __init__(self, settings: SignInSettings, http: Http, clock: Clock, back: str) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._back = back
        self._metadata: Metadata | None = None
        self._known_until = 0.0
        self._keys: Any = None

    async def address(self, state: str, nonce: str, verifier: str) -> str:
        """Where the browser goes to be vouched for. Raises Away."""
        metadata = await self._told()
        challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._settings.oidc_client_id,
            "redirect_uri": self._back,
            "scope": SCOPE,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        sign = "&" if urlsplit(metadata.authorization).query else "?"
        return f"{metadata.authorization}{sign}{urlencode(asked)}"

    async def login(self, code: str, nonce: str, verifier: str) -> str:
        """The login of whoever came back with this code. Raises Refused, Away."""
        told = await self._exchange(await self._told(), code, verifier)
        claims = await self._claims(str(told.get("id_token") or ""), nonce)
        return self._login_of(claims)

    def _login_of(self, claims: Mapping[str, Any]) -> str:
        name, domain = self._settings.oidc_claim, self._settings.oidc_domain.lower()
        value = claims.get(name)
        if not isinstance(value, str) or not value:
            raise Refused(f"there is no claim {name}")
        if name == "email" and claims.get("email_verified") is not True:
            raise Refused("the address is not verified")
        value = value.strip().lower()
        if not domain:
            return value
        local, _, of = value.rpartition("@")
        if of != domain or not local:
            raise Refused(f"not of {domain}")
        return local

    async def _told(self) -> Metadata:
        if self._metadata is None or self._clock.steady() >= self._known_until:
            issuer = self._settings.oidc_issuer
            plain = await self._json("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if plain.get("issuer") != issuer:
                raise Away(f"the metadata are of another issuer: {str(plain.get('issuer'))[:100]}")
            ways = plain.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
            self._metadata = Metadata(
                self._place(plain, "authorization_endpoint"),
                self._place(plain, "token_endpoint"),
                self._place(plain, "jwks_uri"),
                basic="client_secret_basic" in ways,
            )
            self._known_until = self._clock.steady() + KNOWN_SECONDS
        return self._metadata

    def _place(self, plain: Mapping[str, Any], name: str) -> str:
        """An address of the metadata, by TLS if the issuer is."""
        place = str(plain.get(name) or "")
        if not place.startswith("https://" if self._settings.oidc_issuer.startswith("https://") else "http"):
            raise Away(f"{name} is no address that can be used")
        return place

    async def _exchange(self, metadata: Metadata, code: str, verifier: str) -> Mapping[str, Any]:
        client, secret = self._settings.oidc_client_id, self._settings.oidc_client_secret.get_secret_value()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._back, "code_verifier": verifier}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if secret and metadata.basic:
            pair = b64encode(f"{quote(client, safe='')}:{quote(secret, safe='')}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        else:
            form |= {"client_id": client} | ({"client_secret": secret} if secret else {})
        return await self._json("POST", metadata.token, headers, urlencode(form).encode(), hide=(code, secret))

    async def _claims(self, token: str, nonce: str) -> Mapping[str, Any]:
        """What the issuer says, if it is the issuer, says it to us, about this very sign-in, and now. Raises Refused, Away."""
        wanted = jwt.JWTClaimsRegistry(
            now=int(self._clock.now().timestamp()),
            leeway=LEEWAY,
            iss={"essential": True, "value": self._settings.oidc_issuer},
            aud={"essential": True, "value": self._settings.oidc_client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            claims = (await self._decoded(token)).claims
            wanted.validate(claims)
        except (errors.JoseError, ValueError) as error:
            raise Refused(f"{type(error).__name__}: {error}") from None
        parties = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if (len(parties) > 1 or "azp" in claims) and claims.get("azp") != self._settings.oidc_client_id:
            raise Refused("meant for another client")
        return dict(claims)

    async def _decoded(self, token: str) -> Any:
        """With the keys that are known, or those there are by now: an issuer changes them as it likes."""
        if self._keys is not None:
            try:
                return jwt.decode(token, self._keys, algorithms=ALGORITHMS)
            except (errors.JoseError, ValueError):
                self._keys = None
        plain = await self._json("GET", (await self._told()).keys)
        self._keys = jwk.KeySet.import_key_set({"keys": plain.get("keys") or []})
        return jwt.decode(token, self._keys, algorithms=ALGORITHMS)

    async def _json(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        hide: tuple[str, ...] = (),
    ) -> Mapping[str, Any]:
        """An answer of the issuer. Raises Refused for 400 and 401 of a code that is none, Away for all else."""
        try:
            answer = await self._http.request(method, url, headers=headers, body=body, accept={400, 401}, hide=hide)
            plain = json.loads(answer.body)
        except SendError as error:
            raise Away(error.en) from None
        except ValueError:
            raise Away("the answer is no JSON") from None
        if not isinstance(plain, dict):
            raise Away("the answer is no JSON object")
        if not answer.good:
            raise Refused(f"{answer.status} {str(plain.get('error'))[:60]}")
        return plain
