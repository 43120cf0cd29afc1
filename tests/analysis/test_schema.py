"""release.json key by key: what measurement.md 2.3 lists, and not one key or value more."""

import hashlib
import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec import convert

from analysis.findings import Release, decode, encode, sealed
from analysis.findings.schema import DESCRIPTIONS, SELDOM
from analysis.frames import BARRIERS, CITIZEN, RESOLVERS
from survey.cli import main
from tests.analysis.json_schema import breaches

Json = dict[str, object]

KEYS = {
    "release": "schema method wave earlier settings units behaviours cells levels pairs trials "
    "impact proposals quality pattern_sha256 audit sha256",
    "settings": "min_n min_cross band_below q_mark q_change",
    "unit": "unit parent name depth lineage",
    "behaviour": "behaviour text units",
    "cell": "unit behaviour measure item base status display n n_band N value value_to low high "
    "clip band band_to marked change flags",
    "change": "against diff low high verdict bands from to",
    "pair": "a b status both_sides n n_band strength how directed",
    "directed": "audience a_names_b b_names_a",
    "proposal": "unit barrier address also with kind why risk",
    "quality": "unit kind step fell_pp flags",
    "audit": "A1 A2_small_cells A2_narrow A3 pairs_2_metric",
}
ITEMS: dict[str, tuple[str | None, ...]] = {
    "behaviour_level": (None,),
    "barrier_share": BARRIERS,
    "priority_share": BARRIERS,
    "resolver_share": RESOLVERS,
    "citizen_share": CITIZEN,
    "changed_share": (None,),
    "clarity_share": (None,),
    "safe_share": ("safe_a", "safe_b", "safe_c"),
    "situation_share": (None,),
}
BASE_OF = {"barrier": "S", "priority": "S", "resolver": "S", "behaviour": "Y"}
BANDS = {"5-7": ("half_or_less", "over_half"), "8-19": ("few", "some", "nearly_all")}
JOINED = {"value", "value_to", "low", "high"}
ADDRESSES = ["council_law", "two_units", "board", "managers", "unit"]


@pytest.fixture(scope="module")
def files(four_waves) -> list[Json]:
    return [json.loads(encode(made)) for made in four_waves]


@pytest.fixture(scope="module")
def cells(files: list[Json]) -> list[Json]:
    return [cell for file in files for cell in file["cells"]]  # type: ignore[attr-defined]


def keys(of: str) -> set[str]:
    return set(KEYS[of].split())


# --- the file ------------------------------------------------------------------------------------


def test_the_bytes_are_canonical_and_sealed(four_waves) -> None:
    for made in four_waves:
        data = encode(made)
        read = json.loads(data)

        again = json.dumps(
            read, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
        assert data == again.encode()
        seal = read.pop("sha256")
        rest = json.dumps(read, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(rest.encode()).hexdigest() == seal


def test_every_object_has_its_keys_and_no_other(files: list[Json]) -> None:
    for file in files:
        assert file.keys() == keys("release")
        assert file["settings"].keys() == keys("settings")
        assert file["audit"].keys() == keys("audit")
        for name, of in (
            ("units", "unit"), ("behaviours", "behaviour"), ("pairs", "pair"),
            ("proposals", "proposal"), ("quality", "quality"),
        ):  # fmt: skip
            assert file[name]
            assert all(one.keys() == keys(of) for one in file[name])


def test_the_head_says_what_was_made(files: list[Json]) -> None:
    waves = ["2026-1", "2026-2", "2026-3", "2026-4"]
    for at, file in enumerate(files):
        assert (file["schema"], file["method"]) == ("kernepuls.release/1", "1.0")
        assert (file["wave"], file["earlier"]) == (waves[at], waves[:at])
        assert file["settings"] == {
            "min_n": 5, "min_cross": 10, "band_below": 20, "q_mark": 0.03, "q_change": 0.1,
        }  # fmt: skip
        assert re.fullmatch("[0-9a-f]{64}", str(file["pattern_sha256"]))
        assert (file["audit"]["A1"], file["audit"]["A3"]) == ("pass", "pass")


def test_parents_come_before_their_children(files: list[Json]) -> None:
    for file in files:
        depth: dict[str | None, int] = {None: -1}
        for unit in file["units"]:
            assert unit["depth"] == depth[unit["parent"]] + 1
            assert unit["lineage"] in ("same", "new", "merged", "split")
            depth[unit["unit"]] = unit["depth"]


# --- the cells -----------------------------------------------------------------------------------


def test_cells_have_their_keys_and_only_root_and_centres_one_more(
    files: list[Json], cells: list[Json]
) -> None:
    top = {unit["unit"] for unit in files[0]["units"] if unit["depth"] <= 1}

    for cell in cells:
        more = {"since_first"} if cell["unit"] in top else set()
        assert cell.keys() == keys("cell") | more


def test_every_unit_has_every_item_of_every_measure(files: list[Json]) -> None:
    for file in files:
        found = {(c["unit"], c["measure"], c["item"]) for c in file["cells"]}
        for unit in file["units"]:
            for measure, items in ITEMS.items():
                if measure != "behaviour_level":
                    assert {(unit["unit"], measure, item) for item in items} <= found
        assert {(c["measure"], c["item"]) for c in file["cells"]} == {
            (measure, item) for measure, items in ITEMS.items() for item in items
        }


def test_an_item_is_published_on_one_base_only(cells: list[Json]) -> None:
    for cell in cells:
        assert cell["base"] == BASE_OF.get(str(cell["measure"]).split("_", maxsplit=1)[0], "A")


def test_levels_are_of_units_with_one_behaviour_and_of_whole_scopes(files: list[Json]) -> None:
    for file in files:
        levels = [c for c in file["cells"] if c["measure"] == "behaviour_level"]

        assert all(cell["behaviour"] for cell in levels)
        scopes = [c["behaviour"] for c in levels if c["unit"] is None]
        assert scopes == [one["behaviour"] for one in file["behaviours"]]
        assert all(c["unit"] for c in file["cells"] if c["measure"] != "behaviour_level")


def test_a_hidden_cell_is_null_in_all_but_where_it_stands_and_n_invited(cells: list[Json]) -> None:
    hidden = [cell for cell in cells if cell["status"] == "hidden"]
    place = ("unit", "behaviour", "measure", "item", "base", "status", "N")

    assert hidden
    for cell in hidden:
        assert {value for key, value in cell.items() if key not in place} == {None}
        assert isinstance(cell["N"], int)


def test_people_are_told_exactly_or_in_a_band(cells: list[Json]) -> None:
    for cell in shown(cells):
        if cell["n"] is not None:
            assert cell["n_band"] is None
            assert (cell["base"] != "A", cell["n"] >= 20) == (True, True)
        elif cell["n_band"] not in BANDS:
            first, last = map(int, str(cell["n_band"]).split("-"))
            width = 10 if cell["measure"] == "situation_share" else 5
            assert (cell["base"], first % width, last - first) == ("A", 0, width - 1)


def shown(cells: list[Json]) -> list[Json]:
    return [cell for cell in cells if cell["status"] == "shown"]


def test_a_percent_is_a_value_with_its_interval_or_a_clip(cells: list[Json]) -> None:
    numbers = ("value", "value_to", "low", "high", "clip", "band", "band_to")
    for cell in shown(cells):
        told = {key for key in numbers if cell[key] is not None}
        match cell["display"]:
            case "open":
                assert not told
            case "band":
                assert told in ({"band"}, {"band", "band_to"})
                bands = BANDS[str(cell["n_band"])]
                assert {cell["band"], cell["band_to"] or cell["band"]} <= set(bands)
            case display:
                assert display == "percent"
                assert told in ({"clip"}, {"value", "low", "high"}, JOINED)
                assert cell["clip"] is None or re.fullmatch(r"at_(most|least)_\d\d?", cell["clip"])


def test_flags_and_marks_stand_where_they_may(cells: list[Json]) -> None:
    may = {"few", "composition", "read_with_care", "common_shock", "polarised"}
    for cell in shown(cells):
        flags = cell["flags"]
        assert set(flags) <= may
        assert len(flags) == len(set(flags))
        assert ("few" in flags) == (cell["n_band"] in BANDS)
        assert "common_shock" not in flags or cell["unit"] == "FK"
        assert "polarised" not in flags or cell["measure"] == "behaviour_level"
        tested = (
            cell["measure"] == "barrier_share" and cell["unit"] != "FK" and cell["n_band"] != "5-7"
        )
        assert cell["marked"] in ((True, False) if tested else (None,))


# --- changes -------------------------------------------------------------------------------------


def test_a_change_is_a_difference_with_a_verdict_or_a_step_of_bands(files: list[Json]) -> None:
    for at, file in enumerate(files):
        for cell in shown(file["cells"]):
            for key in ("change", "since_first"):
                change = cell.get(key)
                if change is None:
                    continue
                assert at > 0
                assert change.keys() == keys("change")
                assert change["against"] == files[0 if key == "since_first" else at - 1]["wave"]
                assert _kind(change) in ("differs", "not_comparable", "bands")


def _kind(change: Json) -> str | None:
    numbers = [change[key] is not None for key in ("diff", "low", "high")]
    bands = [change[key] is not None for key in ("bands", "from", "to")]
    if change["verdict"] in ("up", "down", "unclear") and all(numbers) and not any(bands):
        return "differs"
    if change["verdict"] == "not_comparable" and not any(numbers + bands):
        return "not_comparable"
    # `from` and `to` are null where nothing could be told in that wave.
    if change["bands"] in ("same", "rise", "fall") and not any(numbers):
        return "bands" if change["verdict"] is None else None
    return None


def test_there_is_a_change_wherever_both_waves_tell_enough(files: list[Json]) -> None:
    for before, now in pairwise(files):
        then = {(c["unit"], c["behaviour"] if c["unit"] is None else None, c["measure"],
                 c["item"]): c for c in shown(before["cells"])}  # fmt: skip
        for cell in shown(now["cells"]):
            place = (
                cell["unit"],
                cell["behaviour"] if cell["unit"] is None else None,
                cell["measure"],
                cell["item"],
            )
            pair = (then.get(place), cell)
            wide = [one is not None and one["n_band"] not in BANDS for one in pair]
            few = [one is not None and one["n_band"] == "8-19" for one in pair]
            if pair[0] and "open" not in (pair[0]["display"], cell["display"]):
                assert (cell["change"] is not None) == (all(wide) or all(few)), place


# --- pairs, proposals, quality -------------------------------------------------------------------


def test_pairs_are_undirected_but_for_the_managers_above_both(files: list[Json]) -> None:
    hows = {"wait", "different_answers", "passed_on", "may_not_share", "citizen_ties", "other"}
    for pair in (one for file in files for one in file["pairs"]):
        assert (pair["status"], pair["strength"] in ("half_or_more", "some")) == ("shown", True)
        assert len(pair["how"]) <= 1
        assert set(pair["how"]) <= hows
        for n, band in zip(pair["n"], pair["n_band"], strict=True):
            assert (n is not None and n >= 20 and band is None) or (n, band) == (None, "8-19")
        if pair["directed"] is not None:
            assert pair["both_sides"]
            assert pair["directed"].keys() == keys("directed")
            assert pair["directed"]["audience"] == "common_superior"
            for side in ("a_names_b", "b_names_a"):
                assert set(pair["directed"][side]) in ({"value"}, {"band"})


def test_proposals_speak_the_words_of_the_schema(files: list[Json]) -> None:
    why = {"marked", "pair", "two_centres", "children", "organisation", "staff", "law"}
    for one in (proposal for file in files for proposal in file["proposals"]):
        assert one["barrier"] in BARRIERS
        assert one["address"] in ADDRESSES
        assert "unit" not in one["also"]
        rows = [one["address"], *one["also"]]
        assert rows == sorted(rows, key=ADDRESSES.index)
        assert set(one["why"]) <= why
        assert "marked" in one["why"]
        assert one["risk"] in ("law_consent_medicine", None)
        assert bool(one["with"]) == ("two_units" in rows)


def test_quality_speaks_the_words_of_the_schema(files: list[Json]) -> None:
    for file in files:
        for note in file["quality"]:
            steps = ("under_40", "40_59", "60_79", "80_up")
            assert note["kind"] in ("response", "first_option", "composition")
            assert (note["step"] in steps) == (note["kind"] == "response")
            assert note["fell_pp"] is None or note["fell_pp"] % 5 == 0
            assert set(note["flags"]) <= {"read_with_care", "low_response"}
        answered = {c["unit"] for c in shown(file["cells"]) if c["base"] == "A"}
        assert {n["unit"] for n in file["quality"] if n["kind"] == "response"} == answered


# --- the published schema ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def published() -> Json:
    done = CliRunner().invoke(main, ["analyse", "--schema"])
    assert done.exit_code == 0
    return json.loads(done.output)


def test_every_release_is_as_the_published_schema_says(files: list[Json], published: Json) -> None:
    for file in files:
        assert [*breaches(file, published, published)] == []


def test_the_schema_is_that_of_the_version_the_release_names(
    files: list[Json], published: Json
) -> None:
    assert {file["schema"] for file in files} == {published["$id"]}
    assert published["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_key_of_the_schema_says_what_it_means(published: Json) -> None:
    for name, shape in published["$defs"].items():  # type: ignore[attr-defined]
        assert shape["description"]
        assert DESCRIPTIONS[name].keys() == shape["properties"].keys()
        for key, one in shape["properties"].items():
            assert one["description"].endswith("."), (name, key)
        # What is not there always is named; nothing else may be left out.
        assert set(shape["properties"]) - set(shape["required"]) == set(SELDOM.get(name, ()))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda file: file.pop("audit"), "lacks audit"),
        (lambda file: file.update(answers=[]), "has answers"),
        (lambda file: file["cells"][0].update(value=43.7), "is none of the shapes"),
        (lambda file: file["cells"][0].update(k=3), "has k"),
        (lambda file: file["cells"][0].update(status="primary"), "is not one of"),
        (lambda file: file["units"][0].update(depth="0"), "is no integer"),
        (lambda file: file["cells"][0].update(marked=1), "is none of the shapes"),
    ],
)
def test_what_is_no_release_breaks_the_schema(
    files: list[Json], published: Json, change, said: str
) -> None:
    file = json.loads(json.dumps(files[0]))

    change(file)

    assert said in "; ".join(breaches(file, published, published))


def test_the_example_of_the_readme_is_a_release_in_short(published: Json) -> None:
    example = json.loads(_example())

    made = convert(example, Release)
    assert sealed(made).sha256 == example["sha256"]
    assert decode(encode(made)).cell("C21", "barrier_share", "TID").value == 60
    assert [*breaches(example, published, published)] == []
    kinds = {(cell["status"], cell["display"]) for cell in example["cells"]}
    assert kinds == {("shown", "percent"), ("shown", "band"), ("hidden", None)}


def _example() -> str:
    """The JSON of the section on release.json."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    _, _, section = readme.partition("## The files of the analysis")
    _, _, rest = section.partition("```json\n")
    return rest.partition("```")[0]
