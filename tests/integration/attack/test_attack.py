"""Every attack is tried; docs/ATTACKS.md tells what became of it."""

import json
from typing import Any

import pytest

from tests.integration.attack.case import TOOL_ATTACKS, Attack, sent
from tests.integration.attack.own_case import OWN_ATTACKS
from tests.integration.attack.page import PAGE, stopped_by, table_is_renewed

ATTACKS = [*TOOL_ATTACKS, *OWN_ATTACKS]
MAX_ANSWER = 32 * 1024


async def attempt(site: Any, attack: Attack) -> tuple[int, str, Any]:
    """Return status, media type and answer, decoded where it is JSON."""
    wanted = {"Accept": "application/graphql-response+json"}
    headers = {"Content-Type": "application/json", **wanted, **attack.headers}
    if attack.path:
        headers = {**wanted, **attack.headers}
        asking = site.http.get(site.url + attack.path, headers=headers)
    else:
        asking = site.http.post(
            f"{site.url}/graphql", data=sent(attack), headers=headers
        )
    async with asking as response:
        text = await response.text()
        is_json = "json" in response.content_type
        return (
            response.status,
            response.content_type,
            json.loads(text) if is_json else text,
        )


async def row(site: Any, attack: Attack) -> str:
    """Try an attack and return its line of the table."""
    status, _, answer = await attempt(site, attack)
    if attack.harmless:
        assert status == 200, answer
        assert not isinstance(answer, dict) or "errors" not in answer, answer
        price = ""
        if isinstance(answer, dict):
            price = f" at a cost of {answer['extensions']['cost']['requested']:,}"
        became = f"answered{price}; {attack.harmless}"
    else:
        assert isinstance(answer, dict), answer
        assert answer.get("data") is None, answer
        became = f"HTTP {status} {stopped_by(answer['errors'])}"
    return f"| {attack.source} | {attack.name} | {attack.asks} | {became} |"


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
async def test_an_attack_is_refused_or_harmless(
    site: Any, world: Any, attack: Attack
) -> None:
    listed = await row(site, attack)
    is_listed = listed in PAGE.read_text("utf-8").splitlines()
    assert is_listed, "run: KIMP_TEST_WRITE=1 pytest tests/integration/attack"
    # Nothing of ours is told, and nobody is kept from being answered.
    _, _, answer = await attempt(site, attack)
    text = json.dumps(answer)
    assert len(text) < MAX_ANSWER or attack.harmless
    for word in ("Traceback", "exception", "tracing", "Did you mean", "INTERNAL"):
        if attack.name not in ("GraphiQL", "Introspection"):
            assert word not in text
    assert (await site.query("{ __typename }"))["data"] == {"__typename": "Query"}
    assert world.deps.traffic.errors["INTERNAL"] == 0


async def test_the_page_lists_every_attack_and_no_other(site: Any) -> None:
    rows = [await row(site, attack) for attack in ATTACKS]
    head = "| from | attack | what it asks | what becomes of it |\n|---|---|---|---|"
    is_renewed = table_is_renewed("over HTTP", head, rows)
    assert is_renewed, "run: KIMP_TEST_WRITE=1 pytest tests/integration/attack"
