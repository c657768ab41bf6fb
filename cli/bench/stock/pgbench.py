"""The plain statements that ours are measured against, timed by Postgres' own `pgbench`."""

import asyncio
import os
import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from sqlalchemy.engine import make_url

from cli.bench.stock.data import PLAIN_TABLE, Size
from cli.stack import StackError
from cli.stack.postgres import program

_RATE = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_THREADS = 2
_UPDATE = f"UPDATE {PLAIN_TABLE} SET reserved = reserved + 1 WHERE"  # noqa: S608 - a constant
_SELECT = f"SELECT on_hand, reserved FROM {PLAIN_TABLE} WHERE"  # noqa: S608
_HOT_ROW = "sku = '{sku}' AND location_id = '{location}';"
_ANY_ROW = "sku = 'SKU-' || (:n * {step})::text AND location_id = 'L' || :l::text;"
_DRAW = "\\set n random(1, {skus})\n\\set l random(1, {locations})\n"


class Plain(Enum):
    """Each is one statement on one row, by its key, in a transaction of its own."""

    UPDATE_ONE_ROW = f"{_UPDATE} {_HOT_ROW}"
    UPDATE_ANY_ROW = f"{_DRAW}{_UPDATE} {_ANY_ROW}"
    SELECT_ANY_ROW = f"{_DRAW}{_SELECT} {_ANY_ROW}"

    def script(self, size: Size) -> str:
        sku, location = size.hot
        return self.value.format(
            sku=sku,
            location=location,
            skus=size.spread_skus,
            step=size.step,
            locations=size.locations,
        )


@dataclass(frozen=True)
class Pgbench:
    """`directory` is for its scripts."""

    database_url: str
    size: Size
    clients: int
    seconds: int
    directory: Path

    async def rate(self, plain: Plain) -> float:
        """How many a second. Raises `StackError` where pgbench cannot say."""
        script = self.directory / f"{plain.name.lower()}.sql"
        script.write_text(plain.script(self.size))
        process = await asyncio.create_subprocess_exec(
            *(str(program("pgbench")), "--no-vacuum", "--protocol=prepared"),
            *(f"--client={self.clients}", f"--jobs={min(_THREADS, self.clients)}"),
            *(f"--time={self.seconds}", f"--file={script}"),
            env=os.environ | self._address(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        rate = _RATE.search(output.decode())
        if process.returncode or rate is None:
            raise StackError(f"pgbench could not measure: {output.decode()}")
        return float(rate.group(1))

    def _address(self) -> dict[str, str]:
        """By its environment: a password on a command line is seen by every user."""
        url = make_url(self.database_url)
        return {
            "PGHOST": str(url.host),
            "PGPORT": str(url.port),
            "PGUSER": str(url.username),
            "PGPASSWORD": str(url.password),
            "PGDATABASE": str(url.database),
        }
