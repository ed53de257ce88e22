"""A bot behind proxies, and what is left out of a run.

That is every trouble in every phase, which `-m every_fault` plays in minutes, and full disks where
none can be mounted. Left out is not skipped: a machine without the right to mount lacks nothing
that could be installed.
"""

from collections.abc import AsyncIterator

import pytest

from bot.settings import load_settings
from tests.faults.database_files import PAGE, fill
from tests.faults.disks import may_mount
from tests.faults.lines import Lined, open_lined
from tests.people import Person

ALL = "every_fault"
MOUNT = "mount"


@pytest.fixture
async def lined(tmp_path) -> AsyncIterator[Lined]:
    async with open_lined(tmp_path) as opened:
        yield opened


@pytest.fixture
def fern(lined: Lined) -> Person:
    """A member."""
    return lined.people.person("Fern")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{ALL}: every trouble in every phase; only when asked for")
    config.addinivalue_line("markers", f"{MOUNT}: needs the right to mount a small file system")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    unwanted = set() if ALL in config.getoption("markexpr") else {ALL}
    if any(item.get_closest_marker(MOUNT) for item in items) and not may_mount():
        unwanted.add(MOUNT)
    left_out = [item for item in items if any(map(item.get_closest_marker, unwanted))]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture
async def path(tmp_path):
    """A sound database of some pages, closed."""
    found = tmp_path / "showreel.db"
    await fill(found)
    assert found.stat().st_size > 10 * PAGE
    return found


@pytest.fixture
def settings(path, tmp_path):
    return load_settings(data_dir=tmp_path, _env_file=None)
