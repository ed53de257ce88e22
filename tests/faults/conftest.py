"""What is left out: every trouble in every phase, and full disks where none can be mounted.

`-m every_fault` plays the former, which takes minutes. Left out is not skipped: a machine without
the right to mount lacks nothing that could be installed.
"""

import pytest

from tests.faults.disks import may_mount

ALL = "every_fault"
MOUNT = "mount"


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
