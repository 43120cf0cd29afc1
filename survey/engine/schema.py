"""Which migrations a database has, and running the missing ones: expand-only, each at once or not.

Piccolo's own runner is not used: it finds its engine through an environment variable, prints, and
records a migration in another transaction than the one that made it.
"""

import pkgutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from types import ModuleType

from piccolo.apps.migrations.tables import Migration

from survey import migrations
from survey.engine.postgres import Postgres
from survey.engine.refusals import DatabaseOlder
from survey.engine.sqlite import SQLite
from survey.errors import DatabaseNewer, NotInitialised

APP = "survey"
MIGRATE_ONCE = 7_391_846_203  # any number, the same in every process: PostgreSQL's advisory lock


def known() -> dict[str, ModuleType]:
    """Migration id -> module, in order; found in the package, so an installed wheel has them."""
    names = sorted(module.name for module in pkgutil.iter_modules(migrations.__path__))
    modules = (import_module(f"{migrations.__name__}.{name}") for name in names)
    return {module.ID: module for module in modules}


async def ran() -> set[str]:
    """The ids the database has; empty when it has no tables of ours."""
    if not await Migration.table_exists():
        return set()
    return set(await Migration.get_migrations_which_ran(app_name=APP))


async def checked(folder: str) -> None:
    """Refuse a database that is newer, older or not ours."""
    have, want = await ran(), set(known())
    if newer := have - want:
        raise DatabaseNewer(found=max(newer))
    if not have:
        raise NotInitialised(folder=folder)
    if want - have:
        raise DatabaseOlder


async def migrate(engine: SQLite | Postgres) -> None:
    """Run the missing migrations, each with its record in one transaction; newer is refused."""
    have = await ran()
    if newer := have - set(known()):
        raise DatabaseNewer(found=max(newer))
    if have == set(known()):
        return
    async with _turn(engine):  # IF NOT EXISTS alone: two at once both find none
        await Migration.create_table(if_not_exists=True)
    for name, module in known().items():
        async with _turn(engine):
            if name in await ran():
                continue
            for statement in module.statements(engine.engine_type):
                await engine.run_ddl(statement)
            await Migration(name=name, app_name=APP).save()


@asynccontextmanager
async def _turn(engine: SQLite | Postgres) -> AsyncIterator[None]:
    """A transaction that no other process migrates beside."""
    async with engine.transaction():
        if isinstance(engine, Postgres):
            await Migration.raw("SELECT pg_advisory_xact_lock({})", MIGRATE_ONCE)
        yield
