"""Opening a closed wave's answers: in a process of its own, from sealed rows to two shuffled files.

Plain text is never in the server's memory. The child is given paths, the tree and the contract of
the analysis, reads the rows and the key itself, and gives back counts. It does not import the door
to the analysis: that would load the statistics and the PDF maker for a second of work.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import SystemRandom
from typing import Any, TypeAlias

import polars as pl

from survey import engine
from survey.intake import disk, keys, seal
from survey.intake.files import answers_file, comments_file
from survey.intake.split import Sheet
from survey.settings import Settings
from survey.tables import Intake

FEWEST_ANSWERS = 5  # at a unit; fewer are moved up (DESIGN 2.4); and of a profession in it
FEWEST_TEXTS = 10  # at a unit; fewer are moved up, and kept unseen at the root (trust.md 4)
SCHEMA_VERSION = "1"
COMMENTS = pl.Schema(
    {"wave": pl.String(), "unit": pl.String(), "behaviour": pl.String(), "text": pl.String()}
)

At: TypeAlias = Callable[[str], None]  # called at each fail point; picklable, for the child
Parents: TypeAlias = Mapping[str, str | None]  # unit -> its parent, of the wave's own tree


def nowhere(step: str) -> None:
    """Go on."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What the analysis demands of an answer: its columns, and the two checks that raise."""

    schema: pl.Schema
    conformed: Callable[..., pl.DataFrame]
    checked: Callable[..., pl.DataFrame]
    refused: type[Exception]  # has facts: row, column, rule


@dataclass(frozen=True, slots=True)
class Task:
    """What the child needs: where, which wave, and what may stand in an answer."""

    settings: Settings
    wave: str
    wave_id: int
    parents: Parents
    behaviours: frozenset[str]
    contract: Contract
    drop_unopenable: bool
    sheets: tuple[Sheet, ...] = ()  # of a key that is not on the disk


@dataclass(frozen=True, slots=True)
class Written:
    """What the child did; `dropped` counts rows by reason. Nothing is written when it stopped."""

    answers: int
    comments: int
    dropped: dict[str, int]
    stopped: bool = False


def open_and_write(task: Task, at: At) -> Written:
    """Open every row, drop what is invalid, and write the two files as .part; the child's work."""
    frames, dropped = _opened(task)
    at("opened")
    if dropped["unopenable"] and not task.drop_unopenable:
        return Written(0, 0, dict(dropped), stopped=True)
    rows, texts = _rows(task, frames, dropped)
    answers = _valid(rows, task, dropped)
    moved = rolled_up(answers["unit"].to_list(), task.parents, FEWEST_ANSWERS)
    answers = _unsingled(answers.with_columns(pl.col("unit").replace(moved)))
    comments = _comments(task, answers, texts)
    _write(task, answers.drop("row"), task.contract.schema, answers_file)
    _write(task, comments, COMMENTS, comments_file)
    return Written(answers.height, comments.height, dict(+dropped))


def rolled_up(units: Sequence[str], parents: Parents, fewest: int) -> dict[str, str]:
    """Unit -> where its pile ends: small piles move up, joined, until a pile has `fewest`.

    A pile that is still small at the root stays there.
    """
    piles: dict[str, list[str]] = {unit: [] for unit in parents}
    size = Counter(units)
    for unit in size:
        piles[unit].append(unit)
    for unit in _from_the_leaves(parents):
        parent = parents[unit]
        if parent is not None and sum(size[each] for each in piles[unit]) < fewest:
            piles[parent].extend(piles[unit])
            piles[unit] = []
    return {each: unit for unit, pile in piles.items() for each in pile}


def unnamed(groups: Sequence[str | None], fewest: int) -> list[str | None]:
    """Profession groups of one unit's answers, null where one has fewer than `fewest`.

    Whoever is alone among the unnamed is found by the staff list, so they are as many, too, or
    none: what they lack is taken at random from the largest group, or all of it where it would be
    too small without them.
    """
    size = Counter(groups)
    left = [group if size[group] >= fewest else None for group in groups]
    places = list(range(len(groups)))
    SystemRandom().shuffle(places)
    while 0 < left.count(None) < min(fewest, len(left)):
        lacking = fewest - left.count(None)
        named = Counter(group for group in left if group is not None)
        largest = max(named, key=lambda group: (named[group], group))
        taken = lacking if named[largest] - lacking >= fewest else named[largest]
        for place in [place for place in places if left[place] == largest][:taken]:
            left[place] = None
    return left


def _from_the_leaves(parents: Parents) -> list[str]:
    def depth(unit: str) -> int:
        parent = parents[unit]
        return 0 if parent is None else 1 + depth(parent)

    return sorted(parents, key=lambda unit: (-depth(unit), unit))


def _opened(task: Task) -> tuple[list[seal.Frame], Counter[str]]:
    private = keys.opening(task.settings, task.wave, task.sheets)
    frames: list[seal.Frame] = []
    dropped: Counter[str] = Counter()
    for sealed in asyncio.run(_sealed_rows(task)):
        try:
            frames.append(seal.unseal(private, task.wave, sealed))
        except seal.Unopenable:
            dropped["unopenable"] += 1
        except seal.Unreadable:
            dropped["unreadable"] += 1
    return frames, dropped


async def _sealed_rows(task: Task) -> list[bytes]:
    async with engine.opened(task.settings):
        rows = await Intake.select(Intake.sealed).where(Intake.wave == task.wave_id)
    return [row["sealed"] for row in rows]


def _rows(
    task: Task, frames: Iterable[seal.Frame], dropped: Counter[str]
) -> tuple[list[dict[str, Any]], list[str | None]]:
    """Answers as rows of ANSWERS, and beside them their comments, in one order."""
    given = ("wave", "unit", "behaviour")
    asked = {name: dtype for name, dtype in task.contract.schema.items() if name not in given}
    rows, texts = [], []
    for frame in frames:
        if not _typed(frame.answers, asked):
            dropped["columns"] += 1
            continue
        about = {"wave": task.wave, "unit": frame.unit, "behaviour": frame.behaviour}
        rows.append({**about, **dict.fromkeys(asked), **frame.answers})
        texts.append(frame.comment)
    return rows, texts


def _typed(answers: Mapping[str, object], asked: Mapping[str, pl.DataType]) -> bool:
    """Known columns with numbers where numbers stand: a cast would turn the rest into nulls."""
    return all(
        name in asked and (value is None or isinstance(value, int) == asked[name].is_integer())
        for name, value in answers.items()
    )


def _valid(rows: list[dict[str, Any]], task: Task, dropped: Counter[str]) -> pl.DataFrame:
    """The rows that keep the contract, typed, with `row` to find their comment again."""
    plain = {
        name: pl.Int64() if dtype.is_integer() else pl.String()
        for name, dtype in task.contract.schema.items()
    }
    left = pl.DataFrame(rows, schema=plain).with_row_index("row")
    while True:
        try:
            typed = task.contract.conformed(left.drop("row"), "ANSWERS", first_row=0)
            task.contract.checked(
                typed, units=frozenset(task.parents), behaviours=task.behaviours, first_row=0
            )
        except task.contract.refused as refused:
            facts: Mapping[str, Any] = refused.facts  # type: ignore[attr-defined]  # see Contract
            dropped[f"{facts['column']}:{facts['rule']}"] += 1
            bad = left["row"][facts["row"]]
            left = left.filter(pl.col("row") != bad)
        else:
            return typed.with_columns(left["row"])


def _unsingled(answers: pl.DataFrame) -> pl.DataFrame:
    """No group of fewer than five in what the file tells of people: unit, behaviour, profession."""
    groups = answers["profession"].to_list()
    together: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, about in enumerate(answers.select("unit", "behaviour").iter_rows()):
        together[about].append(place)
    for places in together.values():
        left = unnamed([groups[place] for place in places], FEWEST_ANSWERS)
        for place, group in zip(places, left, strict=True):
            groups[place] = group
    return answers.with_columns(pl.Series("profession", groups, dtype=pl.String()))


def _comments(task: Task, answers: pl.DataFrame, texts: Collection[str | None]) -> pl.DataFrame:
    """One row per comment; `unit` is where ten texts came together, null where never."""
    written = (
        answers.select("wave", "unit", "behaviour", "row")
        .join(
            pl.DataFrame({"text": list(texts)}, schema={"text": pl.String()}).with_row_index("row"),
            on="row",
            how="inner",
            maintain_order="left",
        )
        .filter(pl.col("text").is_not_null())
    )
    moved = rolled_up(written["unit"].to_list(), task.parents, FEWEST_TEXTS)
    piles = Counter(moved[unit] for unit in written["unit"])
    where = {unit: end if piles[end] >= FEWEST_TEXTS else None for unit, end in moved.items()}
    return written.with_columns(
        pl.col("unit").replace_strict(where, default=None, return_dtype=pl.String())
    ).select(*COMMENTS)


def _write(
    task: Task,
    frame: pl.DataFrame,
    schema: pl.Schema,
    file: Callable[[Settings, str], Any],
) -> None:
    order = list(range(frame.height))
    SystemRandom().shuffle(order)
    path = file(task.settings, task.wave)
    disk.make_folder(path.parent)
    frame.select(*schema)[order].write_parquet(
        disk.part_of(path),
        compression="zstd",
        statistics=False,
        row_group_size=max(frame.height, 1),
        metadata={"schema": SCHEMA_VERSION, "wave": task.wave},
    )
    disk.sync(disk.part_of(path))
