"""Every trouble in every phase takes minutes: `-m every_fault` plays it, and nothing else does."""

import pytest

MARK = "every_fault"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{MARK}: every trouble in every phase; only when asked for")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if MARK in config.getoption("markexpr"):
        return
    left_out = [item for item in items if item.get_closest_marker(MARK) is not None]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item.get_closest_marker(MARK) is None]
