"""What a thief or a careless operator holds: a copy of everything that lies about on one night.

The database as files and through SQL, the log beside it, the outbox, the server's own log, the
data folder, and a backup made that night with its contents. Not the wave's keys: they are kept off
every copy (trust.md 5), and the released files are given to the attacker anyway.
"""

import shutil
import sqlite3
import subprocess
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg

from survey.operations import archive
from survey.operations import backup as making
from survey.settings import Settings
from tests.attack.attacker import Copy, Row

NOT_TAKEN = {"keys", "answers", "comments"}
SEGMENT = 16 * 2**20  # bytes of a WAL file
KEY = b"k" * 32  # of the backups: whoever makes them has it
PRODUCT = {"intake": ("key", "sealed"), "ballot": ("hash", None)}  # table: key, what it holds
PLANTED = {"planted": ("key", "payload")}
FILES = """
    SELECT relname, pg_relation_filepath(oid) AS path FROM pg_class
    WHERE oid >= 16384 AND relkind IN ('r', 't', 'i') AND pg_relation_filepath(oid) IS NOT NULL
"""
PACKAGED = "SELECT count(*) FROM pg_available_extensions WHERE name = 'pageinspect'"
# Every line of every page, of rows that are gone, too, until a vacuum clears them.
PAGES = """
    SELECT t_xmin::text::bigint AS xmin, page, lp, t_attrs[1] AS key
    FROM generate_series(0, pg_relation_size('{table}') / 8192 - 1) page,
        heap_page_item_attrs(get_raw_page('{table}', page::int), '{table}')
    WHERE t_attrs IS NOT NULL ORDER BY page, lp
"""


class SqliteStore:
    """A database file with what lies beside it."""

    def __init__(self, file: Path, columns: Mapping[str, tuple[str, str | None]]) -> None:
        self.file, self.columns = file, columns

    async def copied(self) -> Copy:
        scratch = self.file.parent.parent / "stolen"
        scratch.mkdir()
        # By another process: one that closes a file of its own drops SQLite's locks on it.
        subprocess.run(["cp", *self.file.parent.glob(f"{self.file.name}*"), scratch], check=True)
        files = {file.name: file.read_bytes() for file in scratch.iterdir()}
        with closing(sqlite3.connect(scratch / self.file.name)) as stolen:
            tables = {
                table: [
                    Row(*row) for row in stolen.execute(f"SELECT {_asked(*asked)} FROM {table}")
                ]
                for table, asked in self.columns.items()
            }
        shutil.rmtree(scratch)
        return Copy(files, tables)

    async def pass_over(self) -> None:
        """Nothing is shared with another database."""


class PostgresStore:
    """A database on a cluster whose folder can be read; `held` keeps all of its log."""

    def __init__(self, address: str, columns: Mapping[str, tuple[str, str | None]]) -> None:
        self.address, self.columns = address, columns
        self.data = Path(parse_qs(urlsplit(address).query)["host"][0]) / "data"
        self.read_to = 0
        self.inspects = False  # pageinspect is not packaged everywhere

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        name = f"held_{urlsplit(self.address).path.strip('/')}"
        connection = await asyncpg.connect(self.address)
        try:
            await connection.execute("CREATE SCHEMA inspected")
            self.inspects = bool(await connection.fetchval(PACKAGED))
            if self.inspects:
                await connection.execute("CREATE EXTENSION pageinspect SCHEMA inspected")
            await connection.execute("SELECT pg_create_physical_replication_slot($1, true)", name)
            self.read_to = await _end_of_log(connection)
            yield
            await connection.execute("SELECT pg_drop_replication_slot($1)", name)
        finally:
            await connection.close()

    async def pass_over(self) -> None:
        """Leave out what the cluster has logged since: it was not written by the product."""
        connection = await asyncpg.connect(self.address)
        try:
            self.read_to = await _end_of_log(connection)
        finally:
            await connection.close()

    async def copied(self) -> Copy:
        connection = await asyncpg.connect(self.address)
        try:
            end = await _end_of_log(connection)
            told = (self.data.parent / "log").read_bytes()
            files = {"wal": self._log(self.read_to, end), "log of the database": told}
            self.read_to = end
            tables = {}
            for table, asked in self.columns.items():
                rows = await connection.fetch(
                    f"SELECT {_asked(*asked)}, xmin::text::bigint, ctid::text FROM {table}"
                )
                tables[table] = [Row(*row[:3], _place(row[3])) for row in rows]
                if self.inspects:
                    await connection.execute("SET search_path = public, inspected")
                    rows = await connection.fetch(PAGES.format(table=table))
                    tables[f"{table} pages"] = [
                        Row(row["key"][1:], b"", row["xmin"], (row["page"], row["lp"]))
                        for row in rows
                    ]
            await connection.execute("CHECKPOINT")
            for row in await connection.fetch(FILES):
                files[row["relname"]] = (self.data / row["path"]).read_bytes()
        finally:
            await connection.close()
        return Copy(files, tables)

    def _log(self, start: int, end: int) -> bytes:
        segments = range(start // SEGMENT, end // SEGMENT + 1)
        names = [f"00000001{segment // 256:08X}{segment % 256:08X}" for segment in segments]
        whole = b"".join((self.data / "pg_wal" / name).read_bytes() for name in names)
        return whole[start % SEGMENT : start % SEGMENT + end - start]


async def everything(
    settings: Settings, store: SqliteStore | PostgresStore, *, today: date, log: str
) -> Copy:
    """One night's copy of an installation that is open."""
    copy = await store.copied()
    return Copy({**copy.files, **_folders(settings), **await _backup(settings, today),
                 "log": log.encode()}, copy.tables)  # fmt: skip


def _folders(settings: Settings) -> dict[str, bytes]:
    """Folder of the data folder -> names and contents of its files, the oldest first."""
    found: dict[str, list[bytes]] = defaultdict(list)
    files = [file for file in settings.data.rglob("*") if file.is_file()]
    for file in sorted(files, key=lambda file: (file.stat().st_mtime_ns, file.name)):
        top = file.relative_to(settings.data).parts[0]
        if top not in NOT_TAKEN and not top.startswith(settings.sqlite_file.name):
            found[top] += [str(file).encode(), file.read_bytes()]
    return {top: b"\n".join(contents) for top, contents in found.items()}


async def _backup(settings: Settings, today: date) -> dict[str, bytes]:
    """The encrypted file, and what is in it."""
    target, contents = settings.data.parent / "night.backup", settings.data.parent / "unpacked"
    await making.make(settings, target, key=KEY, today=today, watch=lambda *_: None)

    def into(name: str) -> Any:
        file = contents / name
        file.parent.mkdir(parents=True, exist_ok=True)
        return file.open("wb")

    archive.verified(target, KEY, into=into)
    found = {
        f"backup {file.relative_to(contents)}": file.read_bytes()
        for file in sorted(contents.rglob("*"))
        if file.is_file() and file.parent.name not in NOT_TAKEN
    }
    shutil.rmtree(contents)
    return {**found, "backup": target.read_bytes()}


def _asked(key: str, payload: str | None) -> str:
    return f"{key}, {payload or key}"


def _place(ctid: str) -> tuple[int, int]:
    page, line = ctid.strip("()").split(",")
    return int(page), int(line)


async def _end_of_log(connection: Any) -> int:
    return int(await connection.fetchval("SELECT pg_current_wal_flush_lsn() - '0/0'::pg_lsn"))
