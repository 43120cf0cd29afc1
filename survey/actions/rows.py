"""The one row an action is about."""

from typing import Any

from piccolo.table import Table

from survey.errors import NotFoundHere


async def the_row(table: type[Table], where: Any) -> dict[str, Any]:  # noqa: ANN401 - of Piccolo's
    """The row that meets a condition; raises NotFoundHere where there is none."""
    found = await table.select().where(where).first()
    if found is None:
        raise NotFoundHere
    return dict(found)
