"""Every call of a query names one that exists, is of its kind, and gives it what the SQL takes.

Queries are called by name with keywords, which no type checker sees: this reads every call in
`bot/storage` and holds it against the SQL of both engines.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.storage import damage, money_store, queue
from bot.storage.privacy import records
from bot.storage.queries import load_queries

FOLDER = Path(__file__).parents[3] / "bot" / "storage"
KINDS = {
    "one": "SELECT_ONE",
    "read_one": "SELECT_ONE",
    "write": "SELECT_ONE",
    "all": "SELECT",
    "each": "SELECT",
    "pages": "SELECT",
    "read_all": "SELECT",
    "many": "INSERT_UPDATE_DELETE_MANY",
    "run": "INSERT_UPDATE_DELETE",
}
HELPERS = {"transaction.py"}  # it hands a name on
QUERIES = load_queries("sqlite", "aiosqlite")
ON_POSTGRES = load_queries("postgres", "aiosqlite")  # with the parameters' names still in it
NAMES = [name for name in QUERIES.available_queries if not name.endswith("_cursor")]
# The names that are no literal where they are called, by where.
COMPUTED = {
    "queue.py:clamp_instants": [*queue.THOROUGHLY],
    "stores.py:_save": ["update_jobs", "postpone_jobs"],
    "damage.py:list": [*damage._READERS],
    "money_store.py:audit": [*money_store._AUDITS],
    "records.py:read": [*records._QUERIES.values()],
}


@dataclass(frozen=True)
class Call:
    where: str
    method: str
    query: str | None  # None: no literal
    given: frozenset[str]
    is_open: bool  # there is a ** among the parameters

    def __str__(self) -> str:
        return f"{self.where} {self.query}"


def calls_in(file: Path) -> Iterator[Call]:
    tree = ast.parse(file.read_text("utf-8"))
    functions = [one for one in ast.walk(tree) if isinstance(one, ast.AsyncFunctionDef)]
    for function in functions:
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield from _call(f"{file.name}:{function.name}", node, node.func)


def _call(where: str, node: ast.Call, function: ast.Attribute) -> Iterator[Call]:
    method, arguments = function.attr, node.args
    if not re.search(r"\btx$|engine$", ast.unparse(function.value)):
        return
    if method not in KINDS or not arguments:
        return
    query = arguments[0].value if isinstance(arguments[0], ast.Constant) else None
    given = {one.arg for one in node.keywords if one.arg is not None}
    is_open = any(one.arg is None for one in node.keywords) or method == "many"
    yield Call(where, method, None if query is None else str(query), frozenset(given), is_open)


CALLS = [
    call
    for file in sorted(FOLDER.rglob("*.py"))
    if file.name not in HELPERS
    for call in calls_in(file)
]
NAMED = [call for call in CALLS if call.query is not None]


def parameters_of(queries, name):
    sql = re.sub(r"--[^\n]*|'[^']*'", "", getattr(queries, name).sql)
    return frozenset(re.findall(r"(?<![:\w]):(\w+)", sql))


@pytest.mark.parametrize("call", NAMED, ids=str)
def test_a_call_names_a_query_of_its_kind_and_gives_what_it_takes(call):
    assert call.query in NAMES, f"{call.where}: there is no query {call.query}"
    kind = getattr(QUERIES, call.query).operation.name
    assert kind == KINDS[call.method], f"{call.where}: {call.query} is {kind}"
    taken = parameters_of(QUERIES, call.query)
    assert call.given <= taken, f"{call.where}: {call.query} takes no {call.given - taken}"
    if not call.is_open:
        assert call.given == taken, f"{call.where}: {call.query} lacks {taken - call.given}"


def test_names_that_are_computed_are_those_of_queries():
    assert {call.where for call in CALLS if call.query is None} == set(COMPUTED)
    assert [name for names in COMPUTED.values() for name in names if name not in NAMES] == []


def test_no_query_is_called_by_no_one():
    called = {call.query for call in NAMED}
    called |= {name for names in COMPUTED.values() for name in names}

    assert set(NAMES) - called == set()


@pytest.mark.parametrize("name", NAMES)
def test_a_query_takes_the_same_on_both_engines(name):
    assert parameters_of(ON_POSTGRES, name) == parameters_of(QUERIES, name)
    assert getattr(ON_POSTGRES, name).operation == getattr(QUERIES, name).operation


def test_a_misspelt_call_is_found(tmp_path):
    source = (
        "async def f(tx):\n"
        "    await tx.one('get_jbo', id=1)\n"
        "    await tx.all('get_job', id=1)\n"
        "    await tx.one('get_job', ident=1)\n"
        "    await tx.one('get_job')\n"
    )
    (tmp_path / "stores.py").write_text(source)
    calls = list(calls_in(tmp_path / "stores.py"))

    assert len(calls) == 4
    for call in calls:
        with pytest.raises(AssertionError):
            test_a_call_names_a_query_of_its_kind_and_gives_what_it_takes(call)
