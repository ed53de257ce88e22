"""The SQL, by name. Written once for both engines; only the claims differ, in their folders."""

from functools import cache
from pathlib import Path
from typing import Any

import aiosql

_FOLDER = Path(__file__).parent


@cache
def load_queries(engine: str, driver: str) -> Any:
    """Every query as a method; `engine` is `sqlite` or `postgres`, `driver` what aiosql calls it."""
    shared = "\n\n".join(file.read_text("utf-8") for file in sorted(_FOLDER.glob("*.sql")))
    own = (_FOLDER / engine / "claims.sql").read_text("utf-8")
    return aiosql.from_str(f"{shared}\n\n{own}", driver, mandatory_parameters=False)
