"""An environment of its own for each client, made once under `.cache/foreign`, which git ignores.

discord.py needs none: the bot itself is made with it.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "foreign"
_CLIENTS = Path(__file__).parent / "clients"
_INSTALL_SECONDS = 600
OWN = "discord.py"


class AbsentError(Exception):
    """The client cannot be had here; the message says why."""


@dataclass(frozen=True, slots=True)
class Client:
    """A client library: its name here, its package and its script."""

    name: str
    package: str
    script: str

    @property
    def folder(self) -> Path:
        return CACHE / self.name

    def command(self) -> list[str]:
        """What starts the client; installs it first if it is not there yet. Raises AbsentError."""
        script = str(_CLIENTS / self.script)
        if self.package == OWN:
            return [sys.executable, script]
        if self.script.endswith(".mjs"):
            self._install_node()
            return [_program("node"), str(self._linked(script))]
        self._install_python()
        return [str(self.folder / "bin" / "python"), script]

    def _install_python(self) -> None:
        python = self.folder / "bin" / "python"
        if (self.folder / ".ready").exists():
            return
        _run([sys.executable, "-m", "venv", "--clear", str(self.folder)])
        _run([str(python), "-m", "pip", "install", "--quiet", self.package])
        (self.folder / ".ready").touch()

    def _install_node(self) -> None:
        if (self.folder / ".ready").exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        npm = _program("npm")
        _run(
            [npm, "install", "--no-audit", "--no-fund", "--prefix", str(self.folder), self.package]
        )
        (self.folder / ".ready").touch()

    def _linked(self, script: str) -> Path:
        """Node looks for packages beside the script: a copy lies beside the packages."""
        copy = self.folder / self.script
        shutil.copyfile(script, copy)
        return copy


CLIENTS = {
    client.name: client
    for client in (
        Client("discord.py", OWN, "discord_py_bot.py"),
        Client("discord.js", "discord.js@14", "discord_js.mjs"),
        Client("hikari", "hikari>=2,<3", "hikari_bot.py"),
        Client("py-cord", "py-cord>=2.7,<3", "pycord_bot.py"),
        Client("interactions.py", "discord-py-interactions>=5,<6", "interactions_bot.py"),
        Client("disnake", "disnake>=2.10,<3", "disnake_bot.py"),
    )
}


def _program(name: str) -> str:
    if (found := shutil.which(name)) is None:
        raise AbsentError(f"there is no {name} on this machine")
    return found


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=_INSTALL_SECONDS)  # noqa: S603 - commands of this module
    except subprocess.SubprocessError as error:
        told = getattr(error, "stderr", None) or b""
        raise AbsentError(f"{' '.join(command[:4])} … failed: {told.decode()[-300:]}") from error
