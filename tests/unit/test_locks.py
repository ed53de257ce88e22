"""The kind: a lock file that installs today and not in a year, or not with another pip.

pip before 23.3 resolves a requirement with an extra by itself when hashes are required, and
refuses once a newer release of it exists. So the lock must name everything with its extras, and
is installed without resolving anything.
"""

import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock"]
Locked = dict[str, Requirement]


def read(lock: str) -> Locked:
    """What a lock file pins, by name."""
    lines = (ROOT / lock).read_text("utf-8").replace("\\\n", " ").splitlines()
    pins = [Requirement(re.sub(r"\s--hash=\S+", "", line)) for line in lines if line.strip()]
    return {canonicalize_name(pin.name): pin for pin in pins}


def unmet(lock: Locked) -> list[str]:
    """Everything that an installed, locked package requires and that the lock does not give it."""
    found = []
    for name, pin in lock.items():
        try:
            requires = distribution(name).requires or []
        except PackageNotFoundError:
            assert pin.marker is not None, f"{name} is locked for every machine and not installed"
            continue
        for needed in map(Requirement, requires):
            machine = {key: str(value) for key, value in default_environment().items()}
            contexts = [machine | {"extra": extra} for extra in ["", *pin.extras]]
            if needed.marker and not any(needed.marker.evaluate(one) for one in contexts):
                continue
            given = lock.get(canonicalize_name(needed.name))
            if given is None:
                found.append(f"{name} needs {needed.name}, which is not locked")
            elif missing := needed.extras - given.extras:
                found.append(f"{name} needs {needed.name}[{','.join(sorted(missing))}]")
            elif not needed.specifier.contains(str(given.specifier).removeprefix("==")):
                found.append(f"{name} needs {needed}; {given.specifier} is locked")
    return found


def declared(*groups: str) -> list[Requirement]:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    return [
        Requirement(spec)
        for group in groups
        for spec in re.findall(
            r'^    "(.+)",', text.split(f"\n{group} = [")[1].split("\n]")[0], flags=re.MULTILINE
        )
    ]


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_gives_every_package_what_it_requires_with_its_extras(lock):
    pins = read(lock)

    assert len(pins) > 30
    assert unmet(pins) == []


def test_an_extra_that_the_lock_lost_is_noticed():
    pins = read("requirements-dev.lock")
    assert "toml" in pins["coverage"].extras

    pins["coverage"] = Requirement(f"coverage{pins['coverage'].specifier}")

    assert unmet(pins) == ["pytest-cov needs coverage[toml]"]


def test_a_package_that_the_lock_lost_is_noticed():
    pins = read("requirements.lock")
    del pins["multidict"]

    assert "aiohttp needs multidict, which is not locked" in unmet(pins)


def test_both_locks_agree_and_pin_what_the_project_declares():
    run, dev = (read(lock) for lock in LOCKS)
    runtime, tools = declared("dependencies"), declared("dependencies", "dev")

    assert {name: str(dev[name]) for name in run} == {name: str(pin) for name, pin in run.items()}
    assert len(tools) > len(runtime) > 10
    for pins, needs in ((run, runtime), (dev, tools)):
        assert [need.name for need in needs if canonicalize_name(need.name) not in pins] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_is_exact_and_has_hashes_and_no_index_is_named(lock):
    text = (ROOT / lock).read_text("utf-8")
    entries = text.replace("\\\n", " ").splitlines()

    assert [line for line in entries if "==" not in line or "--hash=sha256:" not in line] == []
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links", text)


@pytest.mark.parametrize("file", ["Makefile", "Dockerfile", ".ci/pythons"])
def test_nothing_is_resolved_when_the_lock_is_installed(file):
    text = (ROOT / file).read_text("utf-8")
    installs = re.findall(r"^.*install.*-r .*\.lock.*$|^.*\$\(PIP\).*\.lock.*$", text, re.MULTILINE)

    assert installs
    assert [line for line in installs if "--no-deps --require-hashes" not in line] == []


def test_the_lock_is_made_with_its_extras():
    recipe = (ROOT / "Makefile").read_text("utf-8").split("\nlock:")[1].split("\n\n")[0]

    assert recipe.count("uv pip compile") == recipe.count("--no-strip-extras") == 2
