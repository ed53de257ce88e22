"""The mark of tests that kill real processes for a minute; `-m "not killing"` leaves them out."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "killing: kills real processes for a minute or so")
