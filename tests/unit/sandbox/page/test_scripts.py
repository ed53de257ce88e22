"""The page's scripts: every import is there, and none leads back to its importer."""

import graphlib
import re
from pathlib import Path

PAGE = Path(__file__).parents[4] / "sandbox/page"
IMPORTED = re.compile(r'from "(\.[^"]+)"')


def imports() -> dict[Path, list[Path]]:
    return {
        script: [
            (script.parent / name).resolve() for name in IMPORTED.findall(script.read_text("utf-8"))
        ]
        for script in PAGE.rglob("*.js")
    }


def test_every_imported_script_is_there():
    missing = {name for names in imports().values() for name in names if not name.exists()}

    assert imports()
    assert not missing


def test_no_script_imports_itself_by_way_of_others():
    order = list(graphlib.TopologicalSorter(imports()).static_order())  # raises CycleError

    assert PAGE / "app.js" in order


def test_no_folder_of_scripts_imports_itself_by_way_of_others():
    folders: dict[Path, set[Path]] = {}
    for script, names in imports().items():
        others = {name.parent for name in names} - {script.parent}
        folders.setdefault(script.parent, set()).update(others)

    assert list(graphlib.TopologicalSorter(folders).static_order())[-1] == PAGE
