from survey.engine import transaction
from survey.tables import Unit


async def test_rows_written_together_are_kept_together(store):
    async with transaction():
        await Unit(code="A").save()
        await Unit(code="B").save()

    assert [row["code"] for row in await Unit.select().order_by(Unit.code)] == ["A", "B"]
