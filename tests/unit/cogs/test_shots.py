"""The form for a shot that is made again."""

import pytest

from bot.ids import JobId
from bot.ordering.remaking import RemakableShot
from bot.presentation import details
from cogs.actions.shots import ShotForm

MAX_DESCRIPTION = 100  # Discord's


@pytest.mark.parametrize(
    ("leads_on", "said"), [(True, details.NEXT_STAYS), (False, details.OTHERS_STAY)]
)
async def test_a_form_says_before_anything_is_paid_what_becomes_of_the_other_shots(leads_on, said):
    shots = [
        RemakableShot(1, "a fox", is_missing=False, price=None, leads_on=leads_on),
        RemakableShot(2, "a hare", is_missing=False, price=None),
    ]

    [shot, _words] = ShotForm(JobId("a" * 16), shots).to_components()

    assert shot["description"] == said
    assert len(said) <= MAX_DESCRIPTION
