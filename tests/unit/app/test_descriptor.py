"""The process may open as many sockets as its hard bound lets it."""

import resource
from typing import Any

import pytest

from app.descriptor import raise_limit


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stand for the kernel: (soft, hard), and what was asked of it."""

    class Kernel:
        bounds = (1024, 4096)
        refuses = False

        def set(self, _kind: int, bounds: tuple[int, int]) -> None:
            if self.refuses:
                raise ValueError("not allowed")
            self.bounds = bounds

    kernel = Kernel()
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: kernel.bounds)
    monkeypatch.setattr(resource, "setrlimit", kernel.set)
    return kernel


def test_it_is_raised_to_what_is_enough(limits: Any) -> None:
    assert raise_limit(2000) == 2000
    assert limits.bounds == (2000, 4096)


def test_it_is_raised_no_further_than_the_hard_bound(limits: Any) -> None:
    assert raise_limit(9000) == 4096


def test_a_machine_without_a_hard_bound_gives_what_is_enough(limits: Any) -> None:
    limits.bounds = (1024, resource.RLIM_INFINITY)
    assert raise_limit(9000) == 9000


@pytest.mark.parametrize("soft", [5000, resource.RLIM_INFINITY])
def test_what_is_enough_already_stays(limits: Any, soft: int) -> None:
    limits.bounds = (soft, resource.RLIM_INFINITY)
    assert raise_limit(5000) == soft
    assert limits.bounds == (soft, resource.RLIM_INFINITY)


def test_a_refusal_is_told_and_lived_with(limits: Any) -> None:
    limits.refuses = True
    assert raise_limit(2000) == 1024
