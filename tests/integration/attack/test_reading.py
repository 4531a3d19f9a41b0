"""docs/ATTACKS.md tells what reading the attacks takes, as the command measures it."""

from tests.integration.attack import reading
from tests.integration.attack.page import table_of


def names(lines: list[str]) -> list[str]:
    return [line.split(" | ")[0].removeprefix("| ") for line in lines]


def test_the_table_of_the_page_is_what_the_command_prints() -> None:
    found = reading.measured(rounds=1, each=1)
    printed = [*reading.HEAD.splitlines(), *reading.rows(found)]
    told = table_of("read for the first time")
    assert told[:2] == printed[:2]
    # Which are the dearest is the machine's; what they are compared with is not.
    assert len(told) == len(printed)
    assert names(told)[-2:] == names(printed)[-2:]
    attacks = {name for name, _ in reading.documents()}
    for lines in (told, printed):
        assert set(names(lines)[2:-2]) <= attacks
    assert all(read.ms > 0 for read in found)
