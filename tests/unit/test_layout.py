"""The rules that keep the layout: small folders, no crumbs of modules, narrow ports, packages that explain themselves."""

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

import bot.archive
from cogs import EXTENSIONS

ROOT = Path(bot.archive.__file__).parents[2]
FILES = sorted(path for folder in ("bot", "cogs") for path in (ROOT / folder).rglob("*.py"))
TREES = {path: ast.parse(path.read_text("utf-8")) for path in FILES}

MAX_MODULES = 12  # of a folder
FEWEST_LINES = 60  # of a module with a single importer
MAX_METHODS = 10  # of a port

# bot/ itself holds what stands above all packages and what stands below them.
FOLDERS = sorted({path.parent for path in FILES} - {ROOT / "bot"})
PACKAGES = [
    folder for folder in FOLDERS if folder != ROOT / "cogs" and len(list(folder.glob("*.py"))) > 1
]
# Small, with one importer, and a module all the same: why.
APART = {
    "bot.media.charts": "the bot imports it, and `drawing`, which loads matplotlib, comes with a chart",
}


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(path): path for path in FILES}


def imports_of(tree: ast.Module) -> set[str]:
    """Every module of ours that is imported somewhere in it."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return found & set(NAMES)


def importers() -> dict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path, tree in TREES.items():
        for name in imports_of(tree) - {name_of(path)}:
            found[name].add(name_of(path))
    return found


def is_entry_point(path: Path) -> bool:
    """It is run or loaded by its name."""
    return name_of(path) in EXTENSIONS or path.name in {"__init__.py", "__main__.py"}


@pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
def test_a_folder_holds_at_most_a_dozen_modules(folder):
    assert len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) <= MAX_MODULES


def test_a_module_has_two_importers_or_sixty_lines():
    known = importers()
    crumbs = {
        name: sorted(known[name])
        for name, path in NAMES.items()
        if not is_entry_point(path)
        and len(known[name]) < 2
        and len(path.read_text("utf-8").splitlines()) < FEWEST_LINES
    }

    assert set(crumbs) == set(APART), crumbs


def ports() -> list[tuple[str, ast.ClassDef]]:
    return [
        (f"{name_of(path)}.{node.name}", node)
        for path, tree in TREES.items()
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases)
    ]


def test_a_port_has_at_most_ten_methods():
    methods = {
        name: [
            one.name
            for one in port.body
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and not one.decorator_list
        ]
        for name, port in ports()
    }

    assert len(methods) > 20
    assert {name: own for name, own in methods.items() if len(own) > MAX_METHODS} == {}


@pytest.mark.parametrize("folder", PACKAGES, ids=name_of)
def test_a_package_says_what_it_is_for_what_it_may_import_and_where_to_begin(folder):
    told = ast.get_docstring(TREES[folder / "__init__.py"]) or ""
    first = re.findall(r"Read\s+`(\w+\.py)`\s+first\.", told)

    assert re.search(r"(?i)\bmay\s+import\b", told)
    assert len(re.findall(r"\.(?:\s|$)", told)) >= 3, "three sentences"
    assert [name for name in first if (folder / name).exists()] == first != []
