"""What the commands of a wave share: a day as an option, --json, and work inside the database."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Final, TypeVar

import click

from survey import engine
from survey.settings import Settings, from_environment

T = TypeVar("T")

DAY: Final = click.DateTime(formats=["%Y-%m-%d"])
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def day(_: click.Context, __: click.Parameter, value: datetime | None) -> date | None:
    return value.date() if value else None


def run(work: Callable[[Settings], Awaitable[T]]) -> T:
    """What the work gives, done with the installation's database open."""
    settings = from_environment()

    async def inside() -> T:
        async with engine.opened(settings):
            return await work(settings)

    return asyncio.run(inside())
