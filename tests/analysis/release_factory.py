"""A made-up municipality in miniature as a release: one unit of each kind a report meets."""

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeAlias

from analysis.findings import (
    AuditRecord,
    Cell,
    Change,
    Directed,
    Level,
    OwnAnswer,
    Pair,
    Part,
    Proposal,
    Quality,
    Release,
    ReleasedBehaviour,
    ReleasedUnit,
    Settings,
    TrialFinding,
)
from analysis.report import Facts, TrialText
from analysis.report.view import PassedOn

Unit: TypeAlias = tuple[str, str | None, str, int, str | None]
BARRIERS = ("SILO", "OKO", "TID", "KOMP", "VID", "FAG", "KULT", "REGL", "MAAL", "FEJL")
RESOLVERS = ("unit", "two_units", "managers", "board", "council_law")
CITIZEN = ("faster", "fewer_people", "not_repeat", "knows_next", "more_say", "nothing")
SAFE = ("safe_a", "safe_b", "safe_c")
UNITS: tuple[Unit, ...] = (
    # code, parent, name, people in the situation (0 = hidden), behaviour
    ("FK", None, "Fjordlund Kommune (direktion og direktionsstab)", 412, None),
    ("B", "FK", "Center for Børn og Skole", 140, "Ad5"),
    ("B1", "B", "Havneskolen", 64, "Ad5"),
    ("B2", "B", "Lundeskolen", 52, "Ad5"),
    ("B3", "B", "Nordskolen", 24, "Ad5"),
    ("C", "FK", "Center for Sundhed og Ældre", 210, "Ad8"),
    ("C1", "C", "Visitation og Hjælpemidler", 22, "Ad8"),
    ("C2", "C", "Hjemmepleje", 152, "Ad8"),
    ("C21", "C2", "Hjemmepleje Nord", 42, "Ad8"),
    ("C22", "C2", "Hjemmepleje Syd", 60, "Ad8"),
    ("C23", "C2", "Aften- og nathold", 50, "Ad8"),
    ("C3", "C", "Hjemmesygepleje og Akutteam", 36, "Ad8"),
    ("F", "FK", "Center for Teknik, Miljø og Havn", 62, None),
    ("F1", "F", "Byggesag", 11, "Ad1"),
    ("F2", "F", "Plan og Natur", 6, "Ad1"),
    ("F3", "F", "Vej og Park", 45, "Ad1"),
    ("F4", "F", "Havnekontoret", 0, "Ad1"),
)
SIZE = {code: people for code, _, _, people, _ in UNITS}
# With 44 more, the sixty below the root that a matrix has room for on a page.
MORE = tuple(
    unit
    for centre, last in (("A", 14), ("D", 14), ("E", 13))
    for unit in (
        (centre, "FK", f"Center for Pleje {centre}", 400, "Ad8"),
        *((f"{centre}{chr(96 + at)}", centre, f"Plejecenter {centre}{at}", 25, "Ad8")
          for at in range(1, last + 1)),
    )
)  # fmt: skip
SIXTY = (*UNITS, *MORE)
# Names of eighty letters, some in one word, and of one or two.
LONGEST = "Rehabiliteringssekretariatsfunktionsudviklingsenheden"
LONG = tuple(
    (code, parent, f"{LONGEST} og {name}"[:80] if index % 2 else f"{LONGEST}{LONGEST}"[:80], n, key)
    for index, (code, parent, name, n, key) in enumerate(UNITS)
)
SHORT = tuple(
    (code, parent, f"Q{chr(97 + index)}" if n else "Ø", n, key)
    for index, (code, parent, _, n, key) in enumerate(UNITS)
)
TEXTS = {
    "Ad1": "Byggesagsbehandleren ringer senest fem hverdage efter, at ansøgningen er kommet, og "
    "siger, hvad der mangler.",
    "Ad5": "Klasselæreren ringer hjem samme dag, når en elev er væk tre dage på to uger, og "
    "spørger, hvad skolen kan gøre.",
    "Ad8": "Når en borger spiser, sover eller går anderledes, skriver hjælperen det i journalen "
    "og giver sygeplejersken besked, inden vagten slutter.",
}
BACKGROUND = dict(zip(BARRIERS, (14, 10, 24, 8, 12, 34, 12, 16, 14, 18), strict=True))
PLANTED = {("C21", "TID"): 60, ("F1", "FEJL"): 55, ("C", "FAG"): 35, ("B1", "KULT"): 40}


def step(n: int) -> int:
    return 10 if n < 40 else 5 if n < 150 else 2 if n < 300 else 1


def cell(
    unit: str | None, measure: str, item: str | None, per_cent: int, n: int, **more: Any
) -> Cell:
    """The cell that a share of n people is published as."""
    base = more.pop("base", "S")
    fixed: dict[str, Any] = {
        "unit": unit,
        "behaviour": more.pop("behaviour", None),
        "measure": measure,
        "item": item,
        "base": base,
        "N": round(n * 1.4) + 2,
        "change": None,
        "flags": (),
        "marked": False,
    }
    if n < 5:
        return Cell(**{**fixed, "status": "hidden", "flags": None, "marked": None})
    fixed["status"] = "shown"
    if n < 8:
        band = "over_half" if per_cent > 50 else "half_or_less"
        return Cell(**{**fixed, "display": "band", "n_band": "5-7", "band": band, **more})
    if n < 20:
        band = "few" if per_cent < 25 else "some" if per_cent < 75 else "nearly_all"
        return Cell(**{**fixed, "display": "band", "n_band": "8-19", "band": band, **more})
    width = step(n)
    value = width * round(per_cent / width)
    edge = 10 if n < 40 else 5 if n < 150 else 4
    counted = {"n": n} if base in ("S", "Y") else {"n_band": f"{n // 5 * 5}-{n // 5 * 5 + 4}"}
    if not edge < value < 100 - edge:
        clip = f"at_most_{edge}" if value <= edge else f"at_least_{100 - edge}"
        return Cell(**{**fixed, "display": "percent", **counted, "clip": clip, **more})
    half = 98 * (value / 100 * (1 - value / 100) / n) ** 0.5 * 2
    low = max(1, int((value - half) // width) * width)
    high = min(99, -int(-(value + half) // width) * width)
    shape = {"display": "percent", "value": value, "low": low, "high": high, **counted}
    return Cell(**{**fixed, **shape, **more})


def release(wave: str = "2026-4", *, first: bool = False, units: Sequence[Unit] = UNITS) -> Release:
    cells: list[Cell] = []
    for code, _, _, n, behaviour in units:
        cells += cells_of(code, n, behaviour, first=first)
    fag = next(one for one in cells if one.unit == "C" and one.item == "FAG")
    return Release(
        wave=wave,
        earlier=() if first else ("2026-3",),
        settings=Settings(),
        units=tuple(
            ReleasedUnit(code, parent, name, depth(code), "same")
            for code, parent, name, _, _ in units
        ),
        behaviours=tuple(
            ReleasedBehaviour(key, text, tuple(c for c, _, _, _, b in units if b == key))
            for key, text in TEXTS.items()
        ),
        cells=tuple(cells),
        levels=(
            Level(
                "FAG",
                None,
                "FK",
                "centre",
                fag,
                {"centre": 19, "department": 2, "team": 3},
                {"organisation": 0, "centre": 90, "department": 0, "team": 10},
                6,
                6,
                16,
                1,
                "managers",
                (),
                OwnAnswer("managers", fag),
                "same",
            ),
            Level(
                "TID",
                None,
                "FK",
                "undecided",
                fag,
                {"centre": 9, "department": 2, "team": 9},
                {"organisation": 20, "centre": 30, "department": 10, "team": 40},
                None,
                1,
                16,
                1,
                "unit",
                (),
                OwnAnswer("unit", None),
                "same",
            ),
        ),
        pairs=(
            Pair(
                "C2",
                "C3",
                "shown",
                both_sides=True,
                n=(152, 36),
                n_band=(None, None),
                strength="half_or_more",
                how=("wait",),
                directed=Directed("common_superior", Part(value=60), Part(value=50)),
            ),
            Pair(
                "C1",
                "C2",
                "shown",
                both_sides=False,
                n=(22, 152),
                n_band=(None, None),
                strength="some",
                how=("passed_on", "different_answers"),
            ),
        ),
        trials=() if first else TRIALS,
        impact=(),
        proposals=(
            Proposal("C", "FAG", "managers", (), (), "fag_morning_round", ("children",)),
            Proposal("C21", "TID", "unit", ("managers",), (), "tid_in_the_plan", ("marked",)),
            Proposal("F1", "FEJL", "managers", (), (), "fejl_written_backing", ("marked",)),
            Proposal("B1", "KULT", "unit", (), (), "kult_new_default", ("marked",)),
            Proposal(
                "C2",
                "SILO",
                "two_units",
                ("managers",),
                ("C3",),
                "silo_phone_hour",
                ("marked", "pair"),
                "law_consent_medicine",
            ),
        ),
        quality=(
            Quality("F3", "response", "under_40", 20, ("read_with_care",)),
            Quality("B3", "response", "40_59", 20, ("read_with_care",)),
        ),
        pattern_sha256="0" * 64,
        audit=AuditRecord("pass", 57, 0, "pass", 3),
    )


TRIALS = (
    TrialFinding(
        "T5",
        "barrier_share",
        "TID",
        ("C21",),
        "2026-3",
        "2026-4",
        -25,
        0,
        25,
        25,
        randomised=False,
        expected_drift=-10,
        noticed=None,
        verdict="suggests",
        flags=("not_randomised",),
    ),
    TrialFinding(
        "T3",
        "barrier_share",
        "FEJL",
        ("F1",),
        "2026-2",
        "2026-4",
        None,
        None,
        25,
        25,
        randomised=False,
        expected_drift=None,
        noticed=None,
        verdict="suggests",
    ),
    TrialFinding(
        "T6",
        "behaviour_level",
        None,
        ("C22", "C23"),
        "2026-3",
        "2026-4",
        None,
        None,
        None,
        None,
        randomised=False,
        expected_drift=None,
        noticed=None,
        verdict="too_few",
        flags=("no_comparison",),
    ),
)


def depth(code: str) -> int:
    return {"FK": 0}.get(code, len(code))


def cells_of(code: str, n: int, behaviour: str | None, *, first: bool) -> list[Cell]:
    shift = sum(map(ord, code)) % 7 - 3
    found = []
    for index, barrier in enumerate(BARRIERS):
        planted = PLANTED.get((code, barrier))
        share = planted or max(4, BACKGROUND[barrier] + shift * (index % 3 - 1))
        change = None if first or n < 8 else _change(share, n)
        found.append(
            cell(
                code,
                "barrier_share",
                barrier,
                share,
                n,
                behaviour=behaviour,
                marked=planted is not None,
                change=change,
            )
        )
        found.append(cell(code, "priority_share", barrier, share // 2, n, behaviour=behaviour))
    for index, one in enumerate(RESOLVERS):
        share = (18, 12, 40, 20, 5)[index] + (20 if (code, one) == ("C21", "unit") else 0)
        found.append(cell(code, "resolver_share", one, share, n, behaviour=behaviour))
    everyone = round(n * 1.25)
    for index, one in enumerate(CITIZEN):
        found.append(
            cell(code, "citizen_share", one, (40, 25, 60, 35, 15, 5)[index], everyone, base="A")
        )
    for one, share in zip(SAFE, (62, 70, 20 if code == "F1" else 48), strict=True):
        found.append(cell(code, "safe_share", one, share, everyone, base="A"))
    found.append(cell(code, "changed_share", None, 35, everyone, base="A"))
    found.append(cell(code, "clarity_share", None, 80, everyone, base="A"))
    found.append(cell(code, "situation_share", None, 80, everyone, base="A"))
    if behaviour is not None:
        up = (
            Change(against="2026-3", diff=15, low=5, high=25, verdict="up")
            if code == "C21"
            else None
        )
        level = 45 + 3 * shift
        change = None if first or n < 8 else up or _change(level, n)
        found.append(
            cell(
                code,
                "behaviour_level",
                None,
                level - (15 if first else 0),
                n,
                base="Y",
                behaviour=behaviour,
                change=change,
            )
        )
    return found


def _change(share: int, n: int) -> Change:
    if n < 20:
        band = "few" if share < 25 else "some" if share < 75 else "nearly_all"
        kind = "fall" if band == "some" else "same"
        return Change(
            against="2026-3", bands=kind, from_="nearly_all" if kind == "fall" else band, to=band
        )
    return Change(against="2026-3", diff=-5, low=-25, high=20, verdict="unclear")


def longest_facts() -> Facts:
    """Every text as long as a form takes it, in the first wave of a long-named organisation."""
    said = "Borgeren ringer, og vi ved ikke, hvem der har aftalen, før en har ledt. "
    texts = {length: (said * 9)[: length - 1].rstrip(" ,") + "." for length in (80, 120, 280, 600)}
    trial = TrialText(
        texts[80], ("C21", "C22"), "2026-4", weeks=12, question=texts[280], learned=texts[600],
        decision="stopped",
    )  # fmt: skip
    card = PassedOn(
        ("C21",), LONGEST, date(2026, 11, 18), texts[280], date(2026, 12, 16), "no_because",
        texts[280],
    )  # fmt: skip
    return facts(
        organisation=f"{LONGEST} kommune", contact=texts[120], core_task=texts[280],
        trials={"T5": trial, "T6": trial}, passed_on=(card, card), comments=(texts[280],) * 5,
        behaviours=dict.fromkeys(TEXTS, texts[280]), earlier=(),
    )  # fmt: skip


def facts(**more: Any) -> Facts:
    given: dict[str, Any] = {
        "organisation": "Fjordlund Kommune",
        "title": "Puls 2026-4",
        "starts": date(2026, 11, 3),
        "closed": date(2026, 11, 16),
        "released": date(2026, 11, 18),
        "contact": "HR på pulsen@fjordlund.example eller 99 99 99 99",
        "core_task": "Borgeren klarer mest muligt selv og har en god dag.",
        "trials": {
            "T5": TrialText(
                "15 minutters overlap",
                ("C21",),
                "2026-4",
                weeks=4,
                question="Når vi at sige ændringerne videre?",
                learned="Tiden lå forkert i kørelisten.",
                decision="stopped",
            ),
            "T3": TrialText(
                "ring først, og send så brevet",
                ("F1",),
                "2026-4",
                weeks=6,
                learned="Der kom færre rykkere.",
                decision="scaled",
                practice="practice_shift",
            ),
        },
        "earlier": (release("2026-3", first=True),),
    }
    return Facts(**{**given, **more})
