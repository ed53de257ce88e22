"""How a bug is planted and taken back, and the days on which it is looked for."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from tests.simulation.kinds import DRAWN, Kind

Mutant = Callable[[], "contextlib.AbstractContextManager[None]"]
MUTANTS: dict[str, Mutant] = {}
_NEEDS: dict[str, frozenset[Kind]] = {}


def mutant(*needs: Kind) -> Callable[[Callable[[], Iterator[None]]], Mutant]:
    """Known by the name of the function.

    It shows in these kinds of trouble, if any; days with no others are quicker to play.
    """

    def known(plant: Callable[[], Iterator[None]]) -> Mutant:
        MUTANTS[plant.__name__] = contextlib.contextmanager(plant)
        _NEEDS[plant.__name__] = frozenset(needs) or DRAWN
        return MUTANTS[plant.__name__]

    return known


def kinds_for(name: str) -> frozenset[Kind]:
    """The kinds of trouble that days may have on which this bug is looked for."""
    return _NEEDS[name]


@contextlib.contextmanager
def planted(name: str | None) -> Iterator[None]:
    """With this bug in the program; None: as it is."""
    with MUTANTS[name]() if name else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def instead(owner: Any, name: str, other: Any) -> Iterator[None]:
    """With another function or value in this place."""
    if isinstance(owner, type):  # where the method is defined, perhaps in a base class
        owner = next(one for one in owner.__mro__ if name in one.__dict__)
    before = owner.__dict__[name] if isinstance(owner, type) else getattr(owner, name)
    setattr(owner, name, other)
    try:
        yield
    finally:
        setattr(owner, name, before)
