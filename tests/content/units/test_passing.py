"""What a unit may make of an item that is passed down to it, by the item's class."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from config.words import Conflict, NotAllowed
from content.bulletin import BulletinClass
from content.passing.passing import Passing, PassingState, first_state

NOW = datetime(2026, 11, 27, tzinfo=UTC)
DECIDED = (PassingState.ACCEPTED, PassingState.LOCALISED, PassingState.DECLINED)
ABOUT = ("p", "i", "xa-a", PassingState.WAITING, "Sở Nội vụ", NOW, "", "", None, "", "", "Tin")


@pytest.mark.parametrize(
    ("klass", "may"),
    [
        (BulletinClass.NORMAL, set(DECIDED)),
        (BulletinClass.PRIORITY, {PassingState.ACCEPTED, PassingState.LOCALISED}),
        (BulletinClass.URGENT, set()),
    ],
)
def test_what_the_class_leaves_to_the_unit(klass: BulletinClass, may: set[PassingState]) -> None:
    """Circular 39/2020: normal at the commune's choice, priority within its programme, urgent at once."""
    one = Passing(*ABOUT, klass)
    assert one.choices() == may
    for to in DECIDED:
        if to in may:
            one.check(to)
        else:
            with pytest.raises(NotAllowed):
                one.check(to)
    assert (first_state(klass) is PassingState.WAITING) == bool(may)


def test_what_is_decided_stays_so() -> None:
    """Nothing is left to choose."""
    one = replace(Passing(*ABOUT, BulletinClass.NORMAL), state=PassingState.DECLINED)
    assert one.choices() == frozenset()
    with pytest.raises(Conflict):
        one.check(PassingState.ACCEPTED)
