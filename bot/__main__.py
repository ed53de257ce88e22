"""The command line: run, doctor, audit, sandbox, db.

The only place that knows of the sandbox: without a token, `run` starts it as a child process and
takes addresses and keys from its first line. From there on it is a bot like any other.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.app import audit_books, back_up_database, migrate_database, run_bot
from bot.doctor import Finding, examine
from bot.errors import BotError, ConfigurationError
from bot.settings import Settings, load_settings

if sys.platform == "win32":
    from asyncio import new_event_loop
else:
    from uvloop import new_event_loop

UNUSABLE = 2  # the exit code for what the operator can mend

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
database = typer.Typer(no_args_is_help=True, help="Look after the database.")
cli.add_typer(database, name="db")


@cli.command()
def run() -> None:
    """Start the bot; without DISCORD_TOKEN, with the sandbox beside it."""
    settings = load_settings()
    with contextlib.ExitStack() as stack:
        if settings.discord_token is None:
            settings = stack.enter_context(_beside_a_sandbox())
        _run(run_bot(settings))


@cli.command()
def sandbox() -> None:
    """Start the sandbox alone, for any bot."""
    raise typer.Exit(subprocess.call([sys.executable, "-m", "sandbox"]))


@cli.command()
def doctor() -> None:
    """Check token, Message Content, services, database and tools; say what to mend.

    Gives the link, too, that invites the bot with every permission it needs.
    """
    findings: list[Finding] = _run(examine(load_settings()))
    for finding in findings:
        typer.echo(f"{'ok  ' if finding.fine else 'MEND'}  {finding.subject}: {finding.text}")
    raise typer.Exit(0 if all(finding.fine for finding in findings) else 1)


@cli.command()
def audit() -> None:
    """Add up the books; say what does not balance. Can be done while the bot runs."""
    findings, transactions = _run(audit_books(load_settings()))
    for finding in findings:
        typer.echo(finding)
    if findings:
        raise typer.Exit(1)
    typer.echo(f"The books balance. Transactions: {transactions}.")


@database.command()
def migrate() -> None:
    """Bring the database to this version; `run` does it by itself."""
    typer.echo(f"The database is at version {_run(migrate_database(load_settings()))}.")


@database.command()
def backup(target: Annotated[Path, typer.Argument(help="The file to write.")]) -> None:
    """Copy a SQLite database while the bot runs."""
    _run(back_up_database(load_settings(), target))
    typer.echo(f"Written to {target}.")


@contextlib.contextmanager
def _beside_a_sandbox() -> Iterator[Settings]:
    """A sandbox for as long as the bot runs.

    In a session of its own, so that Ctrl-C stops the bot first, and bound to our end by its
    standard input. What the bot keeps is forgotten with the sandbox, whose messages it is about.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--json", "--with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with child, tempfile.TemporaryDirectory(prefix="showreel-demo-") as folder:
        try:
            yield _pointed_at(Path(folder), _first_line(child))
        finally:
            child.terminate()


def _first_line(child: subprocess.Popen[bytes]) -> dict[str, Any]:
    line = child.stdout.readline() if child.stdout is not None else b""
    try:
        told: dict[str, Any] = json.loads(line)
    except ValueError:
        if child.wait() == UNUSABLE:  # and it said in one sentence what to change
            raise typer.Exit(UNUSABLE) from None
        msg = "the sandbox did not start; what it said stands above"
        raise ConfigurationError(msg) from None
    return told


def _pointed_at(data_dir: Path, told: dict[str, Any]) -> Settings:
    page = told.pop("page")
    typer.secho(f"\n  Showreel is at {page}\n", bold=True)
    typer.echo("  Open it and type:  /video prompt: a fox running through snow")
    typer.echo("  No DISCORD_TOKEN is set, so this is the sandbox: its dollars are play money.")
    typer.echo("  Ctrl-C stops it, and then everything in it is forgotten.\n")
    return load_settings(
        data_dir=data_dir,
        database_url=None,
        **{name.lower(): value for name, value in told.items()},
    )


def _run(coroutine: Any) -> Any:
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(coroutine)


def main() -> None:
    """Run the command line; what the operator can mend is one line, not a traceback."""
    try:
        cli()
    except BotError as error:
        typer.secho(f"{error}", fg="red", err=True)
        sys.exit(UNUSABLE)


if __name__ == "__main__":
    main()
