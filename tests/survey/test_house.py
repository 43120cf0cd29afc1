"""The organisation's own fields: what HR fills in, and the field that is wrong, by name."""

import pytest

from survey import house, texts
from survey.errors import NotInitialised
from survey.settings import Settings


def test_fjordlund_has_every_field(settings: Settings) -> None:
    house.write_fjordlund(settings)

    fields = house.organisation(settings)

    assert fields.organisation == "Fjordlund Kommune"
    assert (fields.open_days, fields.rhythm_weeks, fields.part_depth) == (14, 13, 3)
    assert fields.mail_quiet_hours == ("17:00", "07:00")


def test_a_new_house_is_blank_where_only_it_knows(settings: Settings) -> None:
    house.write_blank(settings)

    fields = house.organisation(settings)

    assert {getattr(fields, name) for name in house.OWN_FIELDS} == {""}
    assert fields.open_days == 14
    assert "Fjordlund" not in settings.organisation.read_text(encoding="utf-8")


def test_a_file_that_is_there_is_left_alone(settings: Settings) -> None:
    settings.organisation.write_text("version: 1\norganisation: Lillehavn\n", encoding="utf-8")

    house.write_blank(settings)
    house.write_fjordlund(settings)

    assert house.organisation(settings).organisation == "Lillehavn"


def test_a_field_is_said_in_english_where_english_is_given(settings: Settings) -> None:
    settings.organisation.write_text(
        "version: 1\ncontact: HR\nsender: Formanden\nsender_en: The chair\n", encoding="utf-8"
    )

    fields = house.organisation(settings)

    assert fields.said("sender", "en") == "The chair"
    assert fields.said("sender", "da") == "Formanden"
    assert fields.said("contact", "en") == "HR"
    assert fields.said("dpo", "en") == ""


def test_a_field_left_empty_in_yaml_is_empty(settings: Settings) -> None:
    settings.organisation.write_text("version: 1\ncontact:\n", encoding="utf-8")

    assert house.organisation(settings).contact == ""


def test_without_a_file_the_way_to_begin_is_told(settings: Settings) -> None:
    with pytest.raises(NotInitialised) as refused:
        house.organisation(settings)

    assert "kernepuls init" in texts.sentence(refused.value, "en")


WRONG = {
    "a wave of three days": ("version: 1\nopen_days: 3", "open_days"),
    "a word for a number": ("version: 1\nretention: {comments_months: x}", "retention"),
    "a time without quotes, which YAML reads as minutes": (
        "version: 1\nclosing_time: 16:00",
        "closing_time",
    ),
    "a field nobody knows": ("version: 1\ncolour: blue", "colour"),
    "another version": ("version: 2", "version"),
    "no fields at all": ("", "version"),
    "a list": ("- 1", "version"),
}


@pytest.mark.parametrize(("text", "field"), WRONG.values(), ids=WRONG)
def test_a_wrong_field_is_named(settings: Settings, text: str, field: str) -> None:
    settings.organisation.write_text(text, encoding="utf-8")

    with pytest.raises(house.OrganisationFileBad) as refused:
        house.organisation(settings)

    assert refused.value.facts["field"] == field


@pytest.mark.parametrize("content", [b"version: [", b"version: 1\ncontact: \xe6\xf8\xe5"])
def test_a_file_that_is_not_yaml_is_told_with_its_line(settings: Settings, content: bytes) -> None:
    settings.organisation.write_bytes(content)

    with pytest.raises(house.OrganisationFileUnreadable):
        house.organisation(settings)
