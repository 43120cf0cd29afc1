"""A7 on what is made of a release: a report, a page or a table tells no number that it does not.

It knows the release and the words of a document, and nothing of how either was made. Numbers are
read as a reader would: a share with its interval, so many of so many, a row of a table. A number
without any of these, like a date or the number of a page, tells nothing of an answer and is left
alone.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from analysis.audit import Leak
from analysis.disclosure import step_and_ends
from analysis.estimate import response_bounds
from analysis.findings import Cell, Release, since_first

Numbers: TypeAlias = tuple[int, ...]  # one, or the two ends of a range
About: TypeAlias = tuple[str | None, ...]  # the units of a document; None where it is not known
SPACES: Final = str.maketrans({"\u00ad": None, "\u00a0": " ", "\u202f": " ", "\u2009": " "})
OF: Final = r"(?:gange |times )?(?:ud af|af|out of|of|in)"
# Units and cases are counted too; of them a reader learns nothing about answers.
SCALE: Final = rf"{OF} (?P<of>100?)\b(?! (?:enheder|units|tilfælde|cases))"
UNIT: Final = rf"(?:%|(?:procent|per cent|pct)\b|{SCALE})"
NUMBER: Final = r"(?<![\w.,–])\d+"
SHARE: Final = re.compile(
    rf"({NUMBER})(?: ?(?:–|-|og|and|til|to) ?(\d+))? ?{UNIT}(?: gange| times)?", re.IGNORECASE
)
# The ends of an interval whose unit was said before it.
ENDS: Final = re.compile(
    rf"(?:mellem|between) ({NUMBER}) (?:og|and) (\d+)\b(?! ?{UNIT})", re.IGNORECASE
)
END: Final = re.compile(rf"\((?:højst|mindst|at most|at least) ({NUMBER})\)", re.IGNORECASE)
LAST_TIME: Final = re.compile(rf"(?:Sidst var det|Last time it was) ({NUMBER})")
# What stands between a number and its interval: the rest of the sentence, or nothing.
INTERVAL_NEXT: Final = re.compile(
    r"(?:[^.]*\(| )(?:(?:mellem|between|højst|mindst|at most|at least) )?", re.IGNORECASE
)
DECIMAL: Final = re.compile(r"(?<![\w.,])\d{1,3}[.,]\d{1,2}(?![.,]?\w)")
CLOCK_OR_METHOD: Final = re.compile(r"\b(?:kl\.|at|metode|method)$", re.IGNORECASE)
POINTS: Final = re.compile(rf"({NUMBER}) (?:procentpoint|percentage points?|points?)\b")
# Those who answered; the people that a trial action is for are none of them.
WHO: Final = (
    r"(?:(?:personer|people|ansatte|employees|medarbejdere|kolleger|colleagues|har|have|var|were|"
    r"stået|been) )*(?:svarede|svaret|svarer|answered|answer|siger|say|peger|point|"
    r"i situationen|in the situation)\b"
)
PEOPLE: Final = re.compile(
    rf"({NUMBER}(?:[.,]\d{{3}})*)(?:–(\d+(?:[.,]\d{{3}})*))?"
    rf"(?: (?:ud af|af|out of|of) (\d+(?:[.,]\d{{3}})*))?(?: (?:af|of) (?:dem|them|jer|you))? {WHO}"
)
LIMITS: Final = re.compile(r"(?:færre end|fewer than|under|mindst|at least) $", re.IGNORECASE)
ALONE: Final = re.compile(
    r"(?:(?:højst|mindst|at most|at least|omkring|about) )?[≤≥]? ?(\d+)(?:–(\d+))?(?: ?%)?",
    re.IGNORECASE,
)
OF_THOSE_BELOW: Final = ("barrier_share", "behaviour_level")
TICKS: Final = {"0", "25", "50", "75", "100"}
# What the six shades of a chart stand for, and a scale from end to end.
LEGEND: Final = re.compile(r"0–9(?: ?%)?\W*10–19\W*20–29\W*30–39\W*40–54\W*55\W*")
CONSTANT: Final[tuple[Numbers, ...]] = ((0, 100),)


class Untold(Leak):
    """A document that tells more than its release: the page, and what kind of number it was."""

    def __init__(self, kind: str, page: int, units: tuple[str, ...] = ()) -> None:
        self.kind, self.page = kind, page
        super().__init__("A7", units=units)


@dataclass(frozen=True, slots=True)
class Line:
    """One text of a document and its page; of a row of a table every field."""

    page: int
    fields: tuple[str, ...]


@dataclass(frozen=True)
class _Told:
    """What cells say: numbers, intervals, both together, and people. All in whole per cent."""

    mains: frozenset[Numbers]
    intervals: frozenset[Numbers]
    wholes: frozenset[tuple[Numbers, Numbers]]
    points: frozenset[int]
    people: frozenset[tuple[int, int]]
    invited: frozenset[tuple[int, int, int]]

    def main(self, said: Numbers, scale: int | None) -> bool:
        return _among(said, self.mains | self.intervals, scale)

    def interval(self, said: Numbers, scale: int | None) -> bool:
        return _among(said, self.intervals, scale)

    def whole(self, main: Numbers, ends: Numbers, scale: int | None) -> bool:
        return any(_among(main, (a,), scale) and _among(ends, (b,), scale) for a, b in self.wholes)


def _among(said: Numbers, told: Iterable[Numbers], scale: int | None) -> bool:
    """Whether numbers are told: as they are, in tenths, or with no scale said as either."""
    return (scale != 10 and said in told) or (
        scale != 100 and any(said == tuple(round(x / 10) for x in one) for one in told)
    )


# --- what is told ----------------------------------------------------------------------------


def _told(release: Release, earlier: Sequence[Release], about: About) -> _Told:
    """What a document about a unit may say: of it, of those above and below, and of its past."""
    cells = [cell for one in (release, *earlier) for unit in about for cell in _near(one, unit)]
    shown = [cell for cell in cells if cell.status == "shown"]
    wholes = [one for cell in shown for one in _shares(cell)]
    floors = [(one.floor,) for one in release.levels if one.floor is not None]
    changes = [one for cell in shown for one in (cell.change, since_first(cell)) if one]
    moved = [
        *(n for one in changes for n in (one.diff, one.low, one.high)),
        *(n for one in release.trials for n in (one.tried_diff, one.others_diff)),
        *(one.expected_drift for one in release.trials),
    ]
    people = [_people(cell) for cell in shown]
    return _Told(
        mains=frozenset([*(main for main, _ in wholes), *floors, *CONSTANT]),
        intervals=frozenset(ends for _, ends in wholes if ends),
        wholes=frozenset(wholes),
        points=frozenset(abs(n) for n in moved if n is not None),
        people=frozenset(people),
        invited=frozenset(
            (min(a, cell.N or a), min(b, cell.N or b), cell.N or 0)
            for (a, b), cell in zip(people, shown, strict=True)
        ),
    )


def _near(release: Release, about: str | None) -> Iterator[Cell]:
    """All of a unit, the barriers of those above, barriers and levels of those below."""
    if about is None:
        yield from release.cells
        return
    parent = {one.unit: one.parent for one in release.units}
    yield from release.cells_of(about)
    up = parent.get(about)
    while up is not None:
        yield from (cell for cell in release.cells_of(up) if cell.measure == "barrier_share")
        up = parent[up]
    for below in _below(release, about):
        yield from (cell for cell in release.cells_of(below) if cell.measure in OF_THOSE_BELOW)
    yield from (one.noticed for one in release.trials if one.noticed is not None)


def _below(release: Release, about: str) -> Iterator[str]:
    inside = {about}
    for one in release.units:  # parents come before their children
        if one.parent in inside:
            inside.add(one.unit)
            yield one.unit


def _shares(cell: Cell) -> Iterator[tuple[Numbers, Numbers]]:
    """The number of a shown cell beside its interval, which is empty where there is none."""
    if cell.clipped_at is not None:
        yield (cell.clipped_at,), ()
    if cell.value is None or cell.low is None or cell.high is None:
        return
    last = cell.value if cell.value_to is None else cell.value_to
    main = (cell.value,) if cell.value_to is None else (cell.value, cell.value_to)
    if cell.low <= 1:  # nothing is said of an end at 1 or 99
        yield main, (cell.high,)
    elif cell.high >= 99:
        yield main, (cell.low,)
    else:
        yield main, (cell.low, cell.high)
    if cell.n_band is not None and cell.N is not None and cell.least_people < cell.N:
        n, step = cell.least_people, step_and_ends(cell.least_people)[0]
        yield main, response_bounds(cell.value, last, n=n, N=cell.N, step=step)


def _people(cell: Cell) -> tuple[int, int]:
    if cell.n is not None:
        return cell.n, cell.n
    first, _, last = (cell.n_band or "0-0").partition("-")
    return int(first), int(last)


# --- words -----------------------------------------------------------------------------------


def lines_checked(
    release: Release,
    lines: Sequence[Line],
    *,
    about: str | Sequence[str] | None = None,
    earlier: Sequence[Release] = (),
    quoted: Sequence[str] = (),
) -> int:
    """How many numbers were found to be told; raises `Untold` for the first that is not.

    `about` is the unit of the document, or its units, None where it is not known: then every cell
    may be quoted. `quoted` are texts that persons wrote and answer for: their numbers are not
    looked at.
    """
    units = (about,) if about is None or isinstance(about, str) else tuple(about)
    told = _told(release, earlier, units)
    rows = _Rows(release, units)
    theirs = _any_of(quoted)
    found = 0
    for line in lines:
        fields = [_ours(field, theirs) for field in line.fields]
        for field in fields:
            for fits, kind in _numbers(field, told):
                if not fits:
                    raise Untold(kind, line.page)
                found += 1
        found += rows.checked(line, fields)
    return found


def _any_of(quoted: Iterable[str]) -> re.Pattern[str] | None:
    """Those of the texts that hold a number and are more than one; the longest are found first."""
    plain = {_plain(text) for text in quoted}
    some = [text for text in plain if has_digit(text) and any(map(str.isalpha, text))]
    each = "|".join(re.escape(one) for one in sorted(some, key=lambda one: (-len(one), one)))
    return re.compile(rf"(?<!\w)(?:{each})(?!\w)") if some else None


def _ours(text: str, theirs: re.Pattern[str] | None) -> str:
    """A text without what persons wrote and without the legend of the shades."""
    plain = _plain(text)
    if theirs is not None:
        plain = theirs.sub("·", plain)
    return LEGEND.sub("", plain)


def _plain(text: str) -> str:
    return " ".join(text.translate(SPACES).split())


def has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def _numbers(text: str, told: _Told) -> Iterator[tuple[bool, str]]:
    """Each number of a text that says something of answers: whether it is told, and its kind."""
    if not has_digit(text):
        return
    for found in DECIMAL.finditer(text):
        yield CLOCK_OR_METHOD.search(text[: found.start()].rstrip()) is not None, "decimal"
    yield from ((fits, "per cent") for fits in _said_shares(text, told))
    for found in POINTS.finditer(text):
        yield int(found[1]) in told.points, "points"
    for found in PEOPLE.finditer(SHARE.sub("·", text)):
        if not LIMITS.search(text[: found.start()]):
            yield _are_people(found, told), "people"


def _said_shares(text: str, told: _Told) -> Iterator[bool]:
    """Each share, and together with its interval where one follows."""
    before: tuple[Numbers, int | None] | None = None
    end = 0
    for found in sorted(
        (one for form in (SHARE, ENDS, END, LAST_TIME) for one in form.finditer(text)),
        key=lambda one: one.start(),
    ):
        said = tuple(int(n) for n in found.groups()[:2] if n is not None)
        scale = None
        if found.re is SHARE:
            scale = 10 if found["of"] == "10" else 100
        if before is not None and INTERVAL_NEXT.fullmatch(text[end : found.start(1)]):
            yield told.whole(before[0], said, scale or before[1])
            before = None
        elif found.re in (ENDS, END):
            yield told.interval(said, scale)
            before = None
        else:
            yield told.main(said, scale) or _are_invited(found, text, told)
            before = said, scale
        end = found.end()


def _are_invited(found: re.Match[str], text: str, told: _Told) -> bool:
    """Whether what reads as a share of a hundred is those who answered, of a hundred invited."""
    people = PEOPLE.match(text, found.start())
    return people is not None and people[3] is not None and _are_people(people, told)


def _are_people(found: re.Match[str], told: _Told) -> bool:
    first, last, of = (None if n is None else int(re.sub("[.,]", "", n)) for n in found.groups())
    ends = (first or 0, (first if last is None else last) or 0)
    if of is None:
        return ends in told.people or any(ends == pair[:2] for pair in told.invited)
    return (*ends, of) in told.invited


# --- rows ------------------------------------------------------------------------------------


class _Rows:
    """Rows of a table: one that begins with the name of a unit tells numbers of that unit alone."""

    def __init__(self, release: Release, about: About) -> None:
        self.release = release
        self.about = tuple(unit for unit in about if unit is not None)
        self._units: dict[str, list[str]] = {}
        for one in release.units:
            self._units.setdefault(_plain(one.name), []).append(one.unit)
        self._known: dict[tuple[str, ...], frozenset[Numbers] | None] = {}

    def checked(self, line: Line, fields: Sequence[str]) -> int:
        """How many numbers of a row were found to be told; raises `Untold` for another."""
        if len(fields) < 2 or re.fullmatch(r"[\d–]+", fields[0]):
            return 0
        codes = tuple(self._units.get(_plain(line.fields[0]), ()))
        whose = codes or self.about
        if not whose:
            return 0
        told, found = self._told(whose, is_unit=bool(codes)), 0
        for field in fields[1:]:
            if codes and told is None and has_digit(field):
                raise Untold("hidden", line.page, codes)
            said = ALONE.fullmatch(field)
            if said is None or field in (str(line.page), *TICKS):
                continue
            numbers = tuple(int(n) for n in said.groups() if n is not None)
            if told is None or not _among(numbers, told, None):
                raise Untold("per cent", line.page, whose)
            found += 1
        return found

    def _told(self, codes: tuple[str, ...], *, is_unit: bool) -> frozenset[Numbers] | None:
        """The numbers of units; None where their barriers are hidden."""
        key = (*codes, str(is_unit))
        if key not in self._known:
            shown = [
                cell
                for code in codes
                for cell in self.release.cells_of(code)
                if cell.status == "shown" and (not is_unit or cell.base in ("S", "Y"))
            ]
            numbers = {one for cell in shown for both in _shares(cell) for one in both}
            self._known[key] = frozenset(numbers) if shown else None
        return self._known[key]
