"""Who is let in, by what is shown."""

from collections.abc import Mapping

import pytest

from adapters.memory.clock import FakeClock
from adapters.memory.key_repository import MemoryKeyRepository
from adapters.memory.store import MemoryStore
from api.access import (
    Access,
    AccessRefused,
    KeysUnavailable,
    Unauthenticated,
    credential,
    credential_in,
)
from api.caller import Caller
from api.error import ErrorCode
from domain.model.access import ApiKey, KeyLimits, Scope, new_key
from domain.services.key_service import KeyService

MADE = new_key(bytes(42))
KEY = ApiKey(
    MADE.id,
    "a",
    MADE.digest,
    frozenset({Scope.READ, Scope.LIVE}),
    KeyLimits(10.0, 20.0, 3, 4),
)
BEARER = f"Bearer {MADE.token}"


@pytest.fixture
async def store() -> MemoryStore:
    return MemoryStore(keys={KEY.id: KEY})


@pytest.fixture
async def keys(store: MemoryStore) -> KeyService:
    service = KeyService(MemoryKeyRepository(store), FakeClock())
    await service.look()
    return service


def test_without_a_key_everybody_is_let_in_where_none_is_demanded() -> None:
    assert Access().caller(None, "192.0.2.1") == Caller("192.0.2.1")


def test_a_key_brings_its_scopes_and_limits(keys: KeyService) -> None:
    for required in (False, True):
        access = Access(keys, required=required)
        assert access.caller(BEARER, "192.0.2.1") == Caller(
            "192.0.2.1",
            KEY.id,
            frozenset({"read", "live"}),
            rate=10.0,
            burst=20.0,
            sockets=3,
            subscriptions=4,
        )


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", " Bearer "])
def test_the_scheme_is_taken_in_any_case(keys: KeyService, scheme: str) -> None:
    caller = Access(keys).caller(f"{scheme} {MADE.token} ", "")
    assert caller.key == KEY.id


@pytest.mark.parametrize(
    "shown",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        f"Bearer {MADE.token}x",
        f"Bearer {MADE.token} more",
        f"Bearer kimp_{MADE.id}_{'b' * 52}",
        "Bearer \x00\ud800",
    ],
)
@pytest.mark.parametrize("required", [False, True])
def test_a_wrong_key_is_refused_and_not_repeated(
    keys: KeyService, shown: str, required: bool
) -> None:
    with pytest.raises(Unauthenticated) as told:
        Access(keys, required=required).caller(shown, "")
    assert told.value.status == 401
    assert told.value.code is ErrorCode.UNAUTHENTICATED
    assert told.value.close_code == 4403
    assert 'error="invalid_token"' in told.value.headers["WWW-Authenticate"]
    assert MADE.token not in str(told.value)
    assert "b" * 52 not in str(told.value)


def test_what_is_for_a_proxy_is_no_key(keys: KeyService) -> None:
    assert Access(keys).caller("Basic dXNlcjpwYXNz", "a") == Caller("a")
    with pytest.raises(Unauthenticated, match="an API key is needed"):
        Access(keys, required=True).caller("Basic dXNlcjpwYXNz", "a")


def test_where_one_is_demanded_its_absence_is_no_error_of_a_token(
    keys: KeyService,
) -> None:
    with pytest.raises(Unauthenticated, match="an API key is needed") as told:
        Access(keys, required=True).caller(None, "a")
    assert told.value.headers == {"WWW-Authenticate": 'Bearer realm="kimchi-premium"'}


def test_where_no_keys_are_kept_every_key_is_wrong() -> None:
    with pytest.raises(Unauthenticated, match="no API keys here"):
        Access().caller(BEARER, "")


async def test_what_cannot_be_looked_up_is_not_called_wrong(
    store: MemoryStore, keys: KeyService
) -> None:
    store.down = "gone"
    await keys.look()
    access = Access(keys, required=True)
    assert access.caller(BEARER, "").key == KEY.id
    with pytest.raises(KeysUnavailable) as told:
        access.caller("Bearer " + new_key(b"x" * 42).token, "")
    refused: AccessRefused = told.value
    assert refused.status == 503
    assert refused.code is ErrorCode.UPSTREAM_UNAVAILABLE
    assert refused.close_code == 1013
    assert refused.headers == {"Retry-After": "1"}


async def test_who_watches_hears_of_the_end_of_the_key(
    store: MemoryStore, keys: KeyService
) -> None:
    access, heard = Access(keys), list[str]()
    caller = access.caller(BEARER, "")
    access.watch(caller, lambda: heard.append("over"))
    access.watch(caller, lambda: heard.append("left"))()
    access.watch(Caller("a"), lambda: heard.append("nobody"))()
    Access().watch(caller, lambda: heard.append("nobody"))()
    await MemoryKeyRepository(store).revoke(KEY.id, 1)
    await keys.look()
    assert heard == ["over"]


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ({}, None),
        ({"authorization": "Bearer a"}, "Bearer a"),
        ({"authorization": "Basic a"}, "Basic a"),
        ({"x-api-key": "a"}, "Bearer a"),
        ({"x-api-key": ""}, "Bearer "),
        ({"x-api-key": "a", "authorization": "Basic b"}, "Bearer a"),
    ],
)
def test_a_key_is_shown_in_either_of_two_headers(
    headers: Mapping[str, str], shown: str | None
) -> None:
    assert credential(headers) == shown


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        (None, None),
        ({}, None),
        ({"Authorization": "Bearer a"}, "Bearer a"),
        ({"authorization": "Bearer a"}, "Bearer a"),
        ({"apiKey": "a"}, "Bearer a"),
        ({"X-Api-Key": "a", "Authorization": "Basic b"}, "Bearer a"),
        ({"apiKey": None, "Authorization": 1, "other": "x"}, None),
    ],
)
def test_a_key_is_shown_when_a_socket_begins(
    payload: Mapping[str, object] | None, shown: str | None
) -> None:
    assert credential_in(payload) == shown
