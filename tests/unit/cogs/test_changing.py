"""Whom a rule is for: everyone, a role or a member, and never two of them."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.errors import InvalidRequestError
from bot.ids import RoleId, UserId
from bot.money.policy import Subject, SubjectKind
from cogs._shared.changing import subject_of


def role(role_id: int, *, is_default: bool = False) -> Any:
    return cast(Any, SimpleNamespace(id=role_id, is_default=lambda: is_default))


MEMBER: Any = SimpleNamespace(id=30)


@pytest.mark.parametrize(
    ("given", "subject"),
    [
        ((None, None), None),
        ((role(10, is_default=True), None), None),  # @everyone is a role
        ((role(11), None), Subject(SubjectKind.ROLE, RoleId(11))),
        ((None, MEMBER), Subject(SubjectKind.MEMBER, UserId(30))),
    ],
    ids=["no one named", "everyone's role", "a role", "a member"],
)
def test_a_rule_is_for_the_one_that_is_named(given, subject):
    assert subject_of(*given) == subject


@pytest.mark.parametrize("is_default", [False, True])
def test_a_role_and_a_member_at_once_are_refused(is_default):
    with pytest.raises(InvalidRequestError, match="either a role or a member"):
        subject_of(role(11, is_default=is_default), MEMBER)
