from pathlib import Path

import pytest

from conformance import audit, client
from conformance.audit import Audit
from conformance.case import Client, Place, Told

COMMANDS = {
    "graphql-ws": ["node", "graphql-ws.mjs"],
    "graphql-sse": ["node", "graphql-sse.mjs"],
    "@apollo/client": ["node", "apollo.mjs"],
    "@urql/core": ["node", "urql.mjs"],
    "gql": ["python", "gql_session.py"],
}
SCRIPTED = [one for one in client.CLIENTS if one.name in COMMANDS]


@pytest.mark.parametrize("one", SCRIPTED, ids=lambda one: one.name)
def test_a_client_with_a_program_of_ours_is_given_the_address(
    one: Client, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Told] = [("HTTP", "query", None)]

    def lines(command: list[str | Path], folder: Path) -> list[Told]:
        *program, url = command
        assert [Path(word).name for word in program] == COMMANDS[one.name]
        assert (url, folder) == (place.url, place.folder)
        return told

    monkeypatch.setattr(client, "lines", lines)
    assert one.run(place) == told


def test_audits_have_an_id_a_level_and_a_reason(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = [["22EB", "SHOULD accept it", "warn: no"], ["4655", "MUST be", None]]
    monkeypatch.setattr(audit, "lines", lambda _command, _folder: told)
    assert audit.audits(place.node, place.url) == [
        Audit("22EB", "SHOULD accept it", "warn: no"),
        Audit("4655", "MUST be", None),
    ]
    assert audit.audits(place.node, place.url)[0].level == "SHOULD"
