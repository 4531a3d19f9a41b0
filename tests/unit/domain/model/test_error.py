"""Conditions name what they are about."""

from domain.model.error import InvalidArgument, UnknownCoin, UpstreamUnavailable


def test_an_invalid_argument_names_itself_and_what_is_allowed() -> None:
    error = InvalidArgument("first", "must be 1 to 1000")
    assert (error.argument, error.problem) == ("first", "must be 1 to 1000")
    assert str(error) == "first must be 1 to 1000"
    assert error.most is None


def test_an_unknown_coin_names_its_symbol() -> None:
    assert UnknownCoin("XYZ").symbol == "XYZ"
    assert "'XYZ'" in str(UnknownCoin("XYZ"))


def test_an_unavailable_upstream_names_itself_and_the_reason() -> None:
    error = UpstreamUnavailable("fx.dunamu", "404")
    assert (error.upstream, error.reason) == ("fx.dunamu", "404")
    assert str(error) == "fx.dunamu: 404"
