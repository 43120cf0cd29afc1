"""The key of a wave on three sheets of paper, of which any two open its answers (trust.md 5)."""

import asyncio
import base64
import json
import re
import secrets
from collections.abc import Callable
from datetime import date
from itertools import combinations, permutations
from pathlib import Path

import pypdfium2
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from survey import engine, house, texts
from survey.actions import approval
from survey.app import create_app
from survey.cli import main
from survey.delivery import sheets as printed
from survey.intake import closing, codes, keys, seal, split
from survey.intake.files import answers_file
from survey.intake.refusals import (
    KeysDiffer,
    SheetChanged,
    SheetForeign,
    SheetGroupsMissing,
    SheetGroupsWrong,
    SheetsAlike,
    SheetsNeeded,
)
from survey.settings import Settings
from survey.tables import AuditEvent, Ballot, Closing, Intake, Wave
from tests import answering, cast
from tests.commanding import enter
from tests.survey.test_wave_command import APPROVE, PLAN, build
from tests.survey.waves import EVERYBODY, answered

WAVE = "2026-1"


@pytest.fixture(scope="module")
def private() -> X25519PrivateKey:
    return X25519PrivateKey.generate()


@pytest.fixture(scope="module")
def three(private: X25519PrivateKey) -> tuple[split.Sheet, ...]:
    return split.sheets_of(private, WAVE)


def public_of(private: X25519PrivateKey) -> bytes:
    return private.public_key().public_bytes_raw()


# --- the split -----------------------------------------------------------------------------------


def test_every_pair_of_sheets_gives_the_key_back_in_either_order(private, three):
    for pair in permutations(three, 2):
        joined = split.joined(pair, WAVE, public_of(private))

        assert joined.private_bytes_raw() == private.private_bytes_raw()


def test_the_halves_of_a_pair_are_the_key_by_xor_and_no_two_are_alike(private, three):
    halves = [half for sheet in three for half in sheet.halves]
    hr, safety, _ = three

    joined = bytes(a ^ b for a, b in zip(hr.halves[0], safety.halves[0], strict=True))

    assert joined == private.private_bytes_raw()
    assert len({*halves, private.private_bytes_raw()}) == 3 * 2 + 1


def test_the_same_key_split_again_gives_other_halves(private, three):
    again = split.sheets_of(private, WAVE)

    assert not {half for one in again for half in one.halves} & {
        half for one in three for half in one.halves
    }


def test_halves_of_two_splits_do_not_open(private, three):
    again = split.sheets_of(private, WAVE)

    with pytest.raises(SheetChanged):
        split.joined((three[0], again[1]), WAVE, public_of(private))


def test_one_sheet_or_one_sheet_twice_opens_nothing(private, three):
    with pytest.raises(SheetsNeeded):
        split.joined(three[:1], WAVE, public_of(private))
    with pytest.raises(SheetsAlike):
        split.joined((three[1], three[1]), WAVE, public_of(private))


def test_a_sheet_of_another_wave_or_of_an_older_key_is_foreign(private, three):
    other_wave = split.sheets_of(private, "2026-2")
    other_key = split.sheets_of(X25519PrivateKey.generate(), WAVE)

    for stranger in (other_wave[1], other_key[1]):
        for pair in permutations((three[0], stranger)):
            with pytest.raises(SheetForeign):
                split.joined(pair, WAVE, public_of(private))


# --- what is printed and typed -------------------------------------------------------------------


def test_a_sheet_is_thirty_groups_of_five_letters_that_read_back(three):
    for sheet in three:
        groups = sheet.groups

        assert len(groups) == 30
        assert all(re.fullmatch(f"[{codes.ALPHABET}]{{5}}", group) for group in groups)
        assert split.read_sheet(" ".join(groups)) == sheet


def test_a_sheet_is_read_with_the_forgiveness_of_a_code(three):
    text = "  " + "-".join(three[0].groups).lower().replace("0", "o").replace("1", "l") + "\r\n"

    assert split.read_sheet(text) == three[0]
    assert split.read_sheet("".join(three[0].groups)) == three[0]


def test_every_single_wrong_letter_is_named_by_its_group(three):
    groups = list(three[0].groups)
    for number in (1, 17, 30):
        for place in range(5):
            for letter in codes.ALPHABET:
                right = groups[number - 1]
                if letter == right[place]:
                    continue
                wrong = right[:place] + letter + right[place + 1 :]

                with pytest.raises(SheetGroupsWrong) as refused:
                    split.read_sheet(" ".join([*groups[: number - 1], wrong, *groups[number:]]))
                assert refused.value.facts == {"groups": str(number)}


def test_two_letters_exchanged_and_two_groups_exchanged_are_named(three):
    groups = list(three[0].groups)
    for number, group in enumerate(groups, 1):
        for one, other in combinations(range(5), 2):
            letters = list(group)
            letters[one], letters[other] = letters[other], letters[one]
            if "".join(letters) == group:
                continue
            with pytest.raises(SheetGroupsWrong) as refused:
                split.read_sheet(
                    " ".join([*groups[: number - 1], "".join(letters), *groups[number:]])
                )
            assert refused.value.facts == {"groups": str(number)}
    with pytest.raises(SheetGroupsWrong) as refused:
        split.read_sheet(" ".join([*groups[:3], groups[4], groups[3], *groups[5:]]))
    assert refused.value.facts == {"groups": "4, 5"}


@pytest.mark.parametrize("change", [lambda g: g[:-1], lambda g: [*g, g[0]], lambda g: []])
def test_a_group_too_few_or_too_many_is_counted(three, change):
    given = change(list(three[0].groups))

    with pytest.raises(SheetGroupsMissing) as refused:
        split.read_sheet(" ".join(given))

    assert refused.value.facts == {"found": len(given), "expected": 30}


def test_a_letter_left_out_or_not_of_the_alphabet_is_named_by_its_group(three):
    groups = list(three[0].groups)

    for wrong in (groups[6][1:], "U" + groups[6][1:], "Æ" + groups[6][1:]):
        with pytest.raises(SheetGroupsWrong) as refused:
            split.read_sheet(" ".join([*groups[:6], wrong, *groups[7:]]))
        assert refused.value.facts == {"groups": "7"}


def test_right_groups_that_are_no_sheet_are_refused(three):
    fours = ["0000"] * 30
    text = " ".join(four + split._check(four, number) for number, four in enumerate(fours, 1))

    with pytest.raises(SheetChanged):
        split.read_sheet(text)


def test_no_refusal_and_no_repr_repeats_a_letter_of_the_sheet(three):
    groups = list(three[0].groups)
    said = [repr(three[0]), repr(three)]
    for text in (" ".join(groups[:-1]), " ".join([*groups[:-1], "ZZZZZ"]), "X" * 150):
        with pytest.raises(Exception, match="Sheet") as refused:
            split.read_sheet(text)
        said += [repr(refused.value), texts.sentence(refused.value, "en")]

    assert not any(group in line for group in [*groups, "ZZZZZ", "XXXXX"] for line in said)


def test_a_printed_sheet_is_one_page_that_reads_back_by_eye_and_by_scanner(
    settings, three, monkeypatch
):
    house.write_fjordlund(settings)
    scanned = []
    drawn = printed.qr
    monkeypatch.setattr(printed, "qr", lambda text, alt: scanned.append(text) or drawn(text, alt))

    printed.keep_sheet(
        settings, house.organisation(settings), WAVE, date(2026, 3, 15),
        trustee="safety", groups=three[1].groups,
    )  # fmt: skip

    file = printed.sheet_file(settings, WAVE, "safety")
    paper = pypdfium2.PdfDocument(file.read_bytes())
    words = paper[0].get_textpage().get_text_bounded().split()
    read = [word for word in words if word in three[1].groups]
    assert len(paper) == 1
    assert split.read_sheet(" ".join(read)) == three[1]
    assert split.read_sheet(scanned[0]) == three[1]
    assert "Arbejdsmiljørepræsentant" in words
    assert file.stat().st_mode & 0o777 == 0o600


# --- keys ----------------------------------------------------------------------------------------


def on_sheets(settings: Settings, wave: str = WAVE) -> tuple[split.Sheet, ...]:
    """Keys of a wave on sheets, and the sheets."""
    handed: list[split.Sheet] = []
    keys.make_on_sheets(settings, wave, handed.extend)
    return tuple(handed)


def test_the_server_keeps_the_public_half_only(settings):
    three = on_sheets(settings)

    private = keys.opening(settings, WAVE, three[:2]).private_bytes_raw()

    found = files_below(settings.data.parent)
    assert len(found) == 2 * 5
    secret = [private, *(half for sheet in three for half in sheet.halves)]
    assert not [name for name, body in found.items() if any(hit(body, one) for one in secret)]


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def hit(body: bytes, secret: bytes) -> bool:
    written = (secret, secret.hex().encode(), base64.b64encode(secret)[:40])
    return any(one in body for one in written)


def test_the_drill_opens_a_test_envelope_with_every_pair(settings, monkeypatch):
    three = on_sheets(settings)
    opened = []
    unseal = seal.unseal
    monkeypatch.setattr(seal, "unseal", lambda *given: opened.append(given) or unseal(*given))

    keys.drill(settings, WAVE, three)

    assert len(opened) == 3


@pytest.mark.parametrize("bad", [0, 1, 2])
def test_the_drill_fails_when_one_sheet_is_of_another_split(settings, bad):
    three = list(on_sheets(settings))
    private = keys.opening(settings, WAVE, three[:2])
    three[bad] = split.sheets_of(private, WAVE)[bad]

    with pytest.raises(SheetChanged):
        keys.drill(settings, WAVE, three)


def test_the_drill_wants_all_three(settings):
    three = on_sheets(settings)

    with pytest.raises(SheetsNeeded):
        keys.drill(settings, WAVE, three[:2])
    with pytest.raises(SheetsAlike):
        keys.drill(settings, WAVE, (*three[:2], three[0]))


def test_a_copy_with_an_opening_key_beside_sheets_is_refused(settings):
    on_sheets(settings)
    stray = keys.places(settings, WAVE)[1] / keys.OPENING
    stray.write_bytes(secrets.token_bytes(32))

    with pytest.raises(KeysDiffer):
        keys.check_copies(settings, WAVE)


def test_keys_on_sheets_made_again_have_new_sheets(settings):
    before = on_sheets(settings)
    after = on_sheets(settings)

    with pytest.raises(SheetForeign):
        keys.opening(settings, WAVE, before[:2])
    assert keys.opening(settings, WAVE, after[1:])


# --- the close -----------------------------------------------------------------------------------


class Stopped(Exception):
    """What a test ends a close with."""


def stopped(*_):
    raise Stopped


class StopAt:
    def __init__(self, step):
        self.step = step

    def __call__(self, step):
        if step == self.step:
            raise Stopped


async def test_a_close_begun_again_asks_for_sheets_until_the_files_are_verified(
    settings,
):
    three = on_sheets(settings)
    async with engine.opened(settings, migrate=True):
        await answered(settings)

        for point in ("marked", "verified"):
            with pytest.raises(Stopped):
                await closing.close_wave(settings, WAVE, at=StopAt(point), sheets=three[1:])
            assert await closing.needs_sheets(settings, WAVE)
            with pytest.raises(SheetsNeeded):
                await closing.close_wave(settings, WAVE)
            assert (await Intake.count(), await Ballot.count()) == (EVERYBODY, EVERYBODY)
            assert (await Closing.objects().first()).refusal == "SheetsNeeded"
        with pytest.raises(Stopped):
            await closing.close_wave(settings, WAVE, at=StopAt("copied"), sheets=three[:2])
        asked = await closing.needs_sheets(settings, WAVE)
        closed = await closing.close_wave(settings, WAVE)

        assert not asked
        assert (closed.state, closed.answers) == ("released", EVERYBODY)


async def test_a_server_that_starts_again_leaves_a_close_that_waits_for_sheets(store):
    three = on_sheets(store)
    await answered(store)
    with pytest.raises(Stopped):
        await closing.close_wave(store, WAVE, at=StopAt("counted"), sheets=three[1:])

    await closing.resume(store)

    assert (await Wave.objects().first()).state == "closing"
    assert (await Closing.objects().first()).refusal == "SheetsNeeded"
    assert await Intake.count() == EVERYBODY
    assert not answers_file(store, WAVE).exists()


async def test_one_sheet_leaves_an_open_wave_open(store):
    three = on_sheets(store)
    await answered(store)

    for given in ((), three[:1], (three[0], three[0])):
        with pytest.raises((SheetsNeeded, SheetsAlike)):
            await closing.close_wave(store, WAVE, sheets=given)

    assert (await Wave.objects().first()).state == "open"
    assert not await Closing.exists()


# --- from approval to the end, as somebody at a terminal meets it ---------------------------------


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[split.Sheet]:
    """The sheets as the printer got them: the paper in the trustees' hands."""
    taken: list[split.Sheet] = []
    made = split.sheets_of

    def remembered(private: X25519PrivateKey, wave: str) -> tuple[split.Sheet, ...]:
        taken[:] = made(private, wave)
        return tuple(taken)

    monkeypatch.setattr(split, "sheets_of", remembered)
    return taken


Command = Callable[..., Result]


@pytest.fixture
def command(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, handed: list[split.Sheet]
) -> Command:
    enter(monkeypatch, settings)
    asyncio.run(build(settings))

    def run(*arguments: str, typed: str = "") -> Result:
        return CliRunner().invoke(main, ["wave", *arguments], input=typed, catch_exceptions=False)

    run(*PLAN)
    return run


def rows_of(*sheets: split.Sheet) -> str:
    """Sheets as a person types them: six rows of five groups each."""
    return "".join(
        " ".join(sheet.groups[start : start + 5]) + "\n"
        for sheet in sheets
        for start in range(0, 30, 5)
    )


def test_a_wave_with_key_sheets_goes_from_approval_to_the_shredder(command, settings, handed):
    approved = command(*APPROVE, "--key-sheets")
    papers = sorted(file.name for file in printed.folder_of(settings, WAVE).iterdir())
    too_early = command("open", WAVE)
    drilled = command("drill", WAVE, typed=rows_of(*handed))
    left = printed.folder_of(settings, WAVE).exists()
    approved_again = command("approve", WAVE)
    opened = command("open", WAVE)
    told = found_below(settings, handed)
    closed = command("close", WAVE, typed=rows_of(handed[2], handed[0]))
    to_sign = printed.list_file(settings, WAVE).exists()
    done = command("shredded", WAVE, "--yes")
    status = command("status", WAVE)

    assert "Two of the three key sheets open the answers" in approved.output
    assert papers == ["hr.pdf", "operator.pdf", "safety.pdf"]
    assert (too_early.exit_code, "have not been tried" in too_early.output) == (1, True)
    assert "Every two of the three sheets opened a test envelope." in drilled.output
    assert not left
    assert told == []
    assert "Next: kernepuls wave open 2026-1" in approved_again.output
    assert "If two are lost before that, so are the answers." in opened.output
    assert "11/11 the numbers are made" in closed.output
    assert "The three key sheets must be destroyed" in closed.output
    assert to_sign
    assert "They are destroyed." in status.output
    assert [one.exit_code for one in (approved, drilled, opened, closed, done)] == [0] * 5
    assert not printed.folder_of(settings, WAVE).exists()
    assert asyncio.run(said_in_audit(settings)) == [
        "planned wave", "approved wave", "tried key sheets", "opened wave", "closed wave",
        "destroyed key sheets",
    ]  # fmt: skip


def found_below(settings: Settings, handed: list[split.Sheet]) -> list[str]:
    """Files of an open wave, of its second places too, that have the key, a half or a sheet."""
    secret = [keys.opening(settings, WAVE, handed[:2]).private_bytes_raw()]
    secret += [half for sheet in handed for half in sheet.halves]
    typed = ["".join(sheet.groups).encode()[:40] for sheet in handed]
    found = files_below(settings.data.parent)
    assert len(found) > 20
    return [
        name
        for name, body in found.items()
        if any(hit(body, one) for one in secret) or any(one in body for one in typed)
    ]


async def said_in_audit(settings: Settings) -> list[str]:
    async with engine.opened(settings):
        rows = await AuditEvent.select(AuditEvent.what).order_by(AuditEvent.id)
    return [row["what"] for row in rows]


def test_a_wrong_row_is_asked_for_again_by_its_group_and_never_shown(command, handed):
    command(*APPROVE, "--key-sheets")
    rows = rows_of(*handed).splitlines()
    wrong = rows[1].split()
    wrong[2] = ("c" if wrong[2][0] in "bB" else "b") + wrong[2][1:]
    typed = "\n".join([rows[0], " ".join(wrong), *rows[1:]]) + "\n"

    drilled = command("drill", WAVE, "--json", typed=typed)

    assert json.loads(drilled.stdout) == {"wave": WAVE, "pairs": 3}
    assert "Read again on the sheet: group 8." in drilled.output
    assert not [one for sheet in handed for one in sheet.groups if one in drilled.output]


def test_sheets_are_read_from_files_as_a_scanner_writes_them(command, handed, tmp_path):
    command(*APPROVE, "--key-sheets")
    files = []
    for sheet in handed:
        file = tmp_path / f"{sheet.trustee}.txt"
        file.write_text("-".join(sheet.groups) + "\n")
        files.append(("--sheet", str(file)))

    drilled = command("drill", WAVE, *sum(files, ()))
    command("open", WAVE)
    one_only = command("close", WAVE, *files[0])
    closed = command("close", WAVE, *files[1], *files[2], "--json")

    assert drilled.exit_code == 0
    assert one_only.exit_code == 1
    assert "If two are lost, nobody can open the answers" in one_only.output
    assert json.loads(closed.output[closed.output.index("{") :])["state"] == "released"


def test_a_foreign_sheet_leaves_the_wave_open(command, settings, handed):
    command(*APPROVE, "--key-sheets")
    command("drill", WAVE, typed=rows_of(*handed))
    command("open", WAVE)
    foreign = split.sheets_of(X25519PrivateKey.generate(), "2025-4")

    refused = command("close", WAVE, typed=rows_of(foreign[0], foreign[1]))
    status = json.loads(command("status", WAVE, "--json").output)

    assert refused.exit_code == 1
    assert "does not belong to the key of wave 2026-1" in refused.output
    assert (status["state"], status["key_sheets"]) == ("open", "drilled")


def test_sheets_made_anew_are_tried_anew_also_when_the_approval_was_killed(
    command, handed, monkeypatch
):
    command(*APPROVE, "--key-sheets")
    command("drill", WAVE, typed=rows_of(*handed))
    old = tuple(handed)

    with monkeypatch.context() as patch:
        patch.setattr(approval, "made_for", stopped)
        with pytest.raises(Stopped):
            command("approve", WAVE, "--again", "--key-sheets")
    anew = command("approve", WAVE)
    untried = command("open", WAVE)
    with_old = command("drill", WAVE, typed=rows_of(*old))

    assert anew.exit_code == 0
    assert "have not been tried" in untried.output
    assert "does not belong to the key" in with_old.output


def test_sheets_are_chosen_at_approval_and_never_by_the_way(command, settings):
    command(*APPROVE)
    by_the_way = command("approve", WAVE, "--key-sheets")
    again = command("approve", WAVE, "--again", "--key-sheets")
    kept = command("approve", WAVE, "--again")
    back = command("approve", WAVE, "--again", "--no-key-sheets")

    assert (by_the_way.exit_code, "made the other way" in by_the_way.output) == (1, True)
    assert "key sheets" in again.output
    assert "key sheets" in kept.output
    assert "If both are lost before the wave closes" in back.output
    assert not printed.folder_of(settings, WAVE).exists()
    assert (command("open", WAVE).exit_code, command("close", WAVE).exit_code) == (0, 0)


async def test_the_privacy_page_says_who_can_open_the_answers(settings):
    await answering.build(settings)
    async with cast.visited(create_app(settings)) as client:
        usual = await client.get("/svar/privat?sprog=en")
        await Wave.update({Wave.key_sheets: "drilled"}, force=True)
        on_paper = await client.get("/svar/privat?sprog=en")

    assert "The key that opens them lies on the server" in usual.text
    assert "three sheets of paper" not in usual.text
    assert "the server does not have the key" in on_paper.text
    assert "lies on the server" not in on_paper.text


def test_the_drill_is_refused_before_anybody_types(command):
    command(*APPROVE)

    refused = command("drill", WAVE)

    assert "is not on sheets" in refused.output
