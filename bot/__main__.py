"""The command line: run, doctor, audit, sandbox, db, jobs.

The only module that knows the sandbox: without a token, `run` starts it as a child process and
reads addresses and keys from its first line. From then on it is a bot like any other.
"""

import asyncio
import contextlib
import ctypes
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from discord import __version__ as discord_version
from uvloop import new_event_loop

from bot import UNUSABLE, VERSION, job_admin
from bot.app import run_bot
from bot.clock import SystemClock
from bot.doctor import Finding, examine
from bot.errors import BotError, ConfigurationError
from bot.ids import UserId
from bot.jobs.job import Job
from bot.maintenance import (
    Copied,
    Restored,
    audit_books,
    back_up_database,
    copy_database,
    export_member,
    migrate_database,
    restore_database,
)
from bot.settings import Settings, load_settings

# From mallopt(3), in glibc's malloc.h.
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8
LARGE_BLOCK_BYTES = 128 * 1024  # glibc's own initial value for both thresholds

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
database = typer.Typer(no_args_is_help=True, help="Look after the database.")
cli.add_typer(database, name="db")
jobs = typer.Typer(no_args_is_help=True, help="Look at jobs, and cancel them, while the bot runs.")
cli.add_typer(jobs, name="jobs")
member = typer.Typer(no_args_is_help=True, help="Answer what members ask about their data.")
cli.add_typer(member, name="member")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


@cli.callback(invoke_without_command=True)
def showreel(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,  # noqa: FBT002 - a switch
) -> None:
    """Showreel lets your Discord community make AI videos together."""
    if version:
        python = ".".join(map(str, sys.version_info[:3]))
        typer.echo(f"showreel {VERSION} (Python {python}, discord.py {discord_version})")
        raise typer.Exit


@cli.command()
def run() -> None:
    """Start the bot; without DISCORD_TOKEN, start the sandbox with it."""
    settings = load_settings()
    with contextlib.ExitStack() as stack:
        if settings.discord_token is None:
            settings = stack.enter_context(_beside_a_sandbox())
        _run(run_bot(settings))


@cli.command()
def sandbox() -> None:
    """Start only the sandbox, for any bot."""
    raise typer.Exit(subprocess.call([sys.executable, "-m", "sandbox"]))


@cli.command()
def doctor() -> None:
    """Check your setup and tell you what to fix.

    Also prints the link that invites the bot with every permission it needs.
    """
    findings: list[Finding] = _run(examine(load_settings()))
    for finding in findings:
        typer.echo(f"{'ok  ' if finding.fine else 'FIX '}  {finding.subject}: {finding.text}")
    raise typer.Exit(0 if all(finding.fine for finding in findings) else 1)


@cli.command()
def audit() -> None:
    """Check that the ledger balances. You can run this while the bot runs."""
    findings, transactions = _run(audit_books(load_settings()))
    for finding in findings:
        typer.echo(finding)
    if findings:
        raise typer.Exit(1)
    typer.echo(f"The ledger balances. Transactions: {transactions}.")


@database.command()
def migrate(
    *,
    new_ledger: Annotated[
        bool, typer.Option(help="Start an empty ledger even though there are videos.")
    ] = False,
) -> None:
    """Migrate the database to this version; `run` does this by itself."""
    version = _run(migrate_database(load_settings(), new_ledger=new_ledger))
    typer.echo(f"The database is at version {version}.")


@database.command()
def backup(
    target: Annotated[
        Path | None,
        typer.Argument(help="File to write, or a folder. Default: DATA_DIR/backups."),
    ] = None,
) -> None:
    """Back up a SQLite database, even while the bot runs.

    In a folder, backups are named by date and only the latest KEEP_BACKUPS are kept.
    """
    written = _run(back_up_database(load_settings(), target, SystemClock().now()))
    typer.echo(f"Written to {written}.")


@database.command()
def restore(source: Annotated[Path, typer.Argument(help="A backup of a SQLite database.")]) -> None:
    """Restore a backup, check its ledger, and list missing files.

    Stop the bot first. The previous database is kept next to the restored one.
    """
    restored: Restored = _run(restore_database(load_settings(), source))
    typer.echo(f"Restored {source}, at version {restored.version}.")
    if restored.replaced is not None:
        typer.echo(f"The previous database is kept as {restored.replaced}.")
    for file in restored.missing:
        typer.echo(f"missing: {file}, needed by an open job")
    for finding in restored.findings:
        typer.echo(finding)
    if restored.findings or restored.missing:
        raise typer.Exit(1)
    typer.echo(f"The ledger balances. Transactions: {restored.transactions}.")


@database.command(name="copy")
def copy_to(
    target: Annotated[str, typer.Argument(help="postgresql://user:password@host:5432/name")],
) -> None:
    """Copy a SQLite database, ledger and open jobs included, into an empty PostgreSQL one.

    Stop the bot first. The SQLite file is kept under another name, so that no bot goes on with it.
    """
    with typer.progressbar(length=1, label="Copying", file=sys.stderr) as bar:

        def show(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        copied: Copied = _run(copy_database(load_settings(), target, show))
    typer.echo(f"Copied {sum(copied.rows.values()):,} rows of {len(copied.rows)} tables.")
    typer.echo(f"The SQLite database is kept as {copied.kept}.")
    for finding in copied.findings:
        typer.echo(finding)
    typer.echo(f"The ledgers agree. Transactions: {copied.transactions:,}.")
    typer.echo("Set DATABASE_URL to the PostgreSQL database, keep DATA_DIR, and start the bot.")


@jobs.command(name="list")
def list_jobs(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    server: Annotated[int, typer.Option(help="Only of the server with this id.")] = 0,
    member: Annotated[int, typer.Option(help="Only of the member with this id.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List open jobs, latest first."""
    found: list[Job] = _run(
        job_admin.list_jobs(
            load_settings(), limit, guild_id=server, user_id=member, everything=everything
        )
    )
    if as_json:
        typer.echo(json.dumps([job_admin.values_of(job) for job in found], ensure_ascii=False))
        return
    for job in found:
        typer.echo(job_admin.line_of(job, SystemClock().now()))
    if not found:
        typer.echo("There are no jobs." if everything else "There are no open jobs.")


@jobs.command()
def show(job_id: str, *, as_json: AsJson = False) -> None:
    """Show one job: its state, money, shots, and what its service calls it."""
    report: job_admin.Report = _run(job_admin.find_job(load_settings(), job_id))
    if as_json:
        shots = [job_admin.values_of(shot) for shot in report.shots]
        whole = job_admin.values_of(report.job) | {"shots": shots}
        typer.echo(json.dumps(whole, ensure_ascii=False))
        return
    for line in job_admin.lines_of(report):
        typer.echo(line)


@jobs.command()
def cancel(
    job_id: str,
    *,
    though_paid: Annotated[
        bool, typer.Option("--though-paid", help="Even if its money stays spent.")
    ] = False,
) -> None:
    """Cancel a job as a moderator would; a running bot shows it on the card."""
    typer.echo(_run(job_admin.cancel_job(load_settings(), job_id, though_paid=though_paid)))


@member.command()
def export(
    member_id: Annotated[int, typer.Argument(min=1, help="The id of the member, from Discord.")],
    target: Annotated[
        Path | None, typer.Argument(help="File to write. Default: standard output.")
    ] = None,
) -> None:
    """Export everything stored about a member as JSON, as `/privacy export` does."""
    settings, now = load_settings(), SystemClock().now()
    if target is None:
        _run(export_member(settings, UserId(member_id), now, sys.stdout.buffer))
        return
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        typer.echo(f"{target} exists. Name a file that doesn't.", err=True)
        raise typer.Exit(UNUSABLE) from None
    except OSError as error:
        typer.echo(f"{target} can't be written: {error.strerror}.", err=True)
        raise typer.Exit(UNUSABLE) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            _run(export_member(settings, UserId(member_id), now, file))
    except BaseException:  # half a file would look whole
        target.unlink()
        raise
    typer.echo(f"Written to {target}.")


@contextlib.contextmanager
def _beside_a_sandbox() -> Iterator[Settings]:
    """A sandbox that lives as long as the bot.

    It has a session of its own, so that Ctrl-C stops the bot first, and its standard input ties it
    to our end. The bot's data is deleted with the sandbox, whose messages it refers to.
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
        details: dict[str, Any] = json.loads(line)
    except ValueError:
        if child.wait() == UNUSABLE:  # it has already printed what to change
            raise typer.Exit(UNUSABLE) from None
        msg = "the sandbox didn't start; see its message above"
        raise ConfigurationError(msg) from None
    return details


def _pointed_at(data_dir: Path, details: dict[str, Any]) -> Settings:
    page = details.pop("page")
    typer.secho(f"\n  Showreel is at {page}\n", bold=True)
    typer.echo("  Open it and type:  /video prompt: a fox running through snow")
    typer.echo("  No DISCORD_TOKEN is set, so this is the sandbox, with play money.")
    typer.echo("  Press Ctrl-C to stop it; everything in it is deleted then.\n")
    return load_settings(
        data_dir=data_dir,
        database_url=None,
        **{name.lower(): value for name, value in details.items()},
    )


def _run(coroutine: Any) -> Any:
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(coroutine)


def keep_memory_low() -> None:
    """Share one malloc arena among all threads, and return large blocks at once.

    glibc gives each thread an arena of its own and returns little of them: after twenty minutes at
    30 requests a minute 8 MB lay free in unusable pieces, 2 MB with one arena. The threads write to
    disk and wait for the interpreter's lock, not for each other's memory.

    Also, each freed large block raises the size from which blocks are returned to the system, up to
    32 MB: the heap then grew by 12 MB for one upload and kept 14 MB free. An explicit threshold
    stays fixed. Other C libraries have no such switches.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            library = ctypes.CDLL(None)
            library.mallopt(M_ARENA_MAX, 1)
            library.mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES)
            library.mallopt(M_TRIM_THRESHOLD, LARGE_BLOCK_BYTES)


def main() -> None:
    """Run the command line; print errors that the operator can fix as one line.

    Files it writes, including videos and backups, are readable by its user only.
    """
    os.umask(0o077)
    keep_memory_low()
    try:
        cli()
    except BotError as error:
        typer.secho(f"{error}", fg="red", err=True)
        sys.exit(UNUSABLE)


if __name__ == "__main__":
    main()
