"""The fold of a client's events equals the board under the same filter."""

from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.model.board import PremiumBoard
from domain.model.market import Quality
from domain.model.premium import Premium
from domain.model.premium_query import PremiumFilter, PremiumView
from tests.property.domain.model.conftest import Stories

bounds = st.one_of(st.none(), st.sampled_from([Decimal(-1), Decimal(0), Decimal(40)]))
filters = st.builds(
    PremiumFilter.of,
    symbols=st.one_of(st.none(), st.sets(st.sampled_from(["a", "B", "x", "ZZZ"]))),
    quality=st.one_of(st.none(), st.sets(st.sampled_from(Quality))),
    min_percent=bounds,
    max_percent=bounds,
)


@dataclass
class Client:
    """A subscriber who folds events, and takes the next one whenever it likes."""

    wanted: PremiumFilter
    board: PremiumBoard
    known: dict[str, Premium] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.view = PremiumView(self.wanted)
        found = self.view.snapshot(self.board.premiums(), self.board.seq)
        self.known = {premium.symbol: premium for premium in found}

    def take_event(self) -> None:
        """Fold what is told since the last event."""
        told, removed = self.view.delta(
            self.board.changed_since(self.view.tick),
            self.board.symbols,
            self.board.seq,
        )
        assert not {premium.symbol for premium in told} & set(removed)
        assert set(removed) <= self.known.keys()
        for premium in told:
            before = self.known.get(premium.symbol)
            assert before is None or premium.seq > before.seq
            self.known[premium.symbol] = premium
        for symbol in removed:
            del self.known[symbol]

    def asked(self) -> dict[str, Premium]:
        """Return what a query with the same filter answers."""
        return {p.symbol: p for p in self.board.premiums() if self.wanted.matches(p)}


@given(st.data())
def test_the_fold_of_snapshot_and_deltas_is_the_filtered_board(
    stories: Stories, data: st.DataObject
) -> None:
    world, batches = data.draw(stories)
    wanted = data.draw(st.lists(filters, min_size=1, max_size=4))
    clients = [Client(item, world.board) for item in wanted]
    for batch in batches:
        for act in batch:
            act(world)
        world.tick()
        for client in clients:
            if data.draw(st.booleans()):
                client.take_event()
                assert client.known == client.asked()
        if data.draw(st.integers(0, 4)) == 0:
            clients.append(Client(data.draw(filters), world.board))
    for client in clients:
        client.take_event()
        assert client.known == client.asked()
