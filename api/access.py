"""Who may ask: API keys in headers and in `connection_init`, and what is refused.

Where no key is demanded (`open`) everybody may ask for everything; a key that is shown
is honoured for its own scopes and limits, and a wrong one is refused, or its owner
would not learn of it. Where one is demanded (`keys`) nothing of `/graphql` is answered
without. Sources: RFC 6750 for `Authorization: Bearer` and `WWW-Authenticate`;
PROTOCOL.md of graphql-ws for the close codes.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from api.caller import Caller
from api.error import ErrorCode
from domain.services.key_service import KeyService, KeysUnknown, WrongKey

SCHEME: Final = "bearer"

REALM: Final = 'Bearer realm="kimchi-premium"'
"""What `WWW-Authenticate` says."""

HEADER: Final = "x-api-key"
"""A header for the key alone, beside `Authorization`; it wins where both are sent, as
proxies use the other for themselves."""

PAYLOAD_NAMES: Final = frozenset({"apikey", HEADER})
"""Members of `connection_init`'s payload that are a key alone, in any case."""

OVER: Final = "the API key was revoked or has expired"
"""What whoever works under it is told, as an error and as a socket's close reason."""

_HOW: Final = "Authorization: Bearer kimp_…, or X-Api-Key"


class AccessRefused(Exception):
    """A caller is not let in; the message is for the caller and holds no secret.

    `status` is of HTTP, `close_code` of a WebSocket whose `connection_init` it was in.
    """

    code: ClassVar[ErrorCode] = ErrorCode.FORBIDDEN
    status: ClassVar[int] = 403
    close_code: ClassVar[int] = 4403
    headers: Mapping[str, str] = {}


class Unauthenticated(AccessRefused):
    """No key where one is demanded, or one that is wrong or over."""

    code = ErrorCode.UNAUTHENTICATED
    status = 401

    def __init__(self, message: str, *, wrong: bool) -> None:
        super().__init__(message)
        error = ', error="invalid_token"' if wrong else ""
        self.headers = {"WWW-Authenticate": REALM + error}


class KeysUnavailable(AccessRefused):
    """Nobody can say now whether the key is right."""

    code = ErrorCode.UPSTREAM_UNAVAILABLE
    status = 503
    # "Try again later": clients that reconnect do so, as they would not after 4401.
    close_code = 1013
    headers: Mapping[str, str] = {"Retry-After": "1"}


class Access:
    """Tells who asks, by the key that is shown; synchronous, no question to a store."""

    def __init__(
        self, keys: KeyService | None = None, *, required: bool = False
    ) -> None:
        """Compose; without `keys` every key is wrong. `required`: one is demanded."""
        self._keys = keys
        self.required = required

    def caller(self, authorization: str | None, address: str) -> Caller:
        """Return who asks; see `credential` and `credential_in` for the first.

        Raises:
            Unauthenticated: no key where one is demanded, or one that is wrong.
            KeysUnavailable: the key cannot be looked up now.
        """
        token = None if authorization is None else self._token(authorization)
        if token is None:
            if self.required:
                message = f"an API key is needed: {_HOW}"
                raise Unauthenticated(message, wrong=False)
            return Caller(address)
        if self._keys is None:
            raise Unauthenticated("there are no API keys here", wrong=True)
        try:
            key = self._keys.find(token)
        except WrongKey as exc:
            raise Unauthenticated(str(exc), wrong=True) from exc
        except KeysUnknown as exc:
            raise KeysUnavailable(str(exc)) from exc
        own = key.limits
        return Caller(
            address,
            key.id,
            key.scopes,
            rate=own.rate,
            burst=own.burst,
            sockets=own.sockets,
            subscriptions=own.subscriptions,
        )

    def watch(self, caller: Caller, on_end: Callable[[], None]) -> Callable[[], None]:
        """Have `on_end` called once when the caller's key is over.

        Returns what calls it off. A caller without a key is never told anything.
        """
        if self._keys is None or caller.key is None:
            return _nothing
        return self._keys.watch(caller.key, on_end)

    def _token(self, authorization: str) -> str | None:
        """Return the key in a header's value; None: it is not for us.

        Another scheme (Basic, of a proxy before us) says nothing of keys.
        """
        scheme, _, token = authorization.strip().partition(" ")
        return token.strip() if scheme.lower() == SCHEME else None


def credential(headers: Mapping[str, str]) -> str | None:
    """Return what headers (lower-case names) show, as `Authorization` would say it."""
    key = headers.get(HEADER)
    return headers.get("authorization") if key is None else f"Bearer {key}"


def credential_in(payload: Mapping[str, object] | None) -> str | None:
    """Return what `connection_init`'s payload shows, as `Authorization` would say it.

    Names are taken in any case, since clients put their HTTP headers there.
    """
    found = None
    for name, value in (payload or {}).items():
        if not isinstance(value, str):
            continue
        if name.lower() in PAYLOAD_NAMES:
            return f"Bearer {value}"
        if name.lower() == "authorization":
            found = value
    return found


def _nothing() -> None:
    """Call nothing off."""
