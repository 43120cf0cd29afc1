"""One who holds copies of everything tries to say which released answer is whose.

Pure functions over copies. The attacker knows in which order people sent, who they are and which
block of the released file each of them must be in; there are no keys among the copies. Every way
to put released rows in an order in time is a strategy; within a block the k-th who sent is then
said to be the k-th row.

Chance, exactly: whoever puts a block in any order fixed beforehand hits one of its people on
average, with a variance of one (none where the block has one row), whatever its size. So a run
has as many hits by chance as there are blocks, with the root of the blocks of two or more as
standard deviation. The best of many strategies hits more than that by chance alone: it is held
against the best of the same strategies on the same rows, dealt out anew to the people.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

Block: TypeAlias = tuple[str | None, ...]  # what the released file tells of a row beside its answer
Guess: TypeAlias = dict[int, int]  # person -> row of the released file
Rows: TypeAlias = list[int]  # rows of the released file, the oldest first
WINDOW = 16  # bytes by which a value is found again in a file
DEALS = 300


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a copied table: its random key, what it holds, and what the database adds."""

    key: bytes
    payload: bytes
    xmin: int | None = None
    place: tuple[int, int] | None = None  # page and line


@dataclass(frozen=True, slots=True)
class Copy:
    """Everything that lay about on one night: files in the order of their times, and tables."""

    files: Mapping[str, bytes]
    tables: Mapping[str, Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Released:
    """One row of the released file; `mark` is how its answer reads where it is not sealed."""

    block: Block
    mark: bytes


@dataclass(frozen=True, slots=True)
class Known:
    """What the attacker knows of those who answered, each with a number."""

    sent: Sequence[int]  # in this order
    orders: Mapping[str, Sequence[int]]  # other orders of the same people: opening, staff list ...
    nights: Mapping[int, int]  # person -> the copy that is the first after it
    addresses: Mapping[int, bytes]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is found in the copies: where bytes stand that tell a row from the others."""

    copies: Sequence[Copy]
    windows: Mapping[str, Mapping[bytes, bytes]]  # table and part -> window -> key of its row
    found: Mapping[str, Sequence[bytes]]  # file -> windows and marks in it, by their place
    new: Sequence[frozenset[bytes]]  # night -> marks that could be read for the first time


@dataclass(slots=True)
class Played:
    """One run: what each strategy says, what is certain, and whose each row is, for the score."""

    guesses: dict[str, Guess]
    certain: Guess
    truth: Guess
    blocks: Mapping[int, Block]
    hits: Counter[str] = field(init=False)

    def __post_init__(self) -> None:
        self.hits = Counter({name: self._matches(guess) for name, guess in self.guesses.items()})

    def _matches(self, guess: Guess) -> int:
        return sum(self.truth[person] == row for person, row in guess.items())

    @property
    def chance(self) -> int:
        """How many of a run's people are hit on average by whoever knows nothing."""
        return len({*self.blocks.values()})

    @property
    def deviation(self) -> float:
        return float(sum(n > 1 for n in Counter(self.blocks.values()).values()) ** 0.5)


# --- the attack --------------------------------------------------------------------------------


def evidence(copies: Sequence[Copy], marks: Iterable[bytes]) -> Evidence:
    """Look through every byte of every copy once."""
    marks, windows = {*marks}, _windows(copies)
    needles = Needles({*marks, *(one for found in windows.values() for one in found)})
    nights = [
        {name: needles.found_in(content) for name, content in copy.files.items()} for copy in copies
    ]
    new: list[frozenset[bytes]] = []
    for copy, files in zip(copies, nights, strict=True):
        held = b"\0".join(row.payload for rows in copy.tables.values() for row in rows)
        read = {*needles.found_in(held), *(one for found in files.values() for one in found)}
        new.append(frozenset((read & marks).difference(*new)))
    found = {
        **{f"{name} of all nights": _one_after_another(nights, name) for name in nights[-2]},
        **{f"{name} before the close": at for name, at in nights[-2].items()},
        **{f"{name} at the end": at for name, at in nights[-1].items()},
    }
    return Evidence(copies, windows, found, new)


def play(seen: Evidence, released: Sequence[Released], known: Known, truth: Guess) -> Played:
    """Try everything on one released file. `truth` is only for the score."""
    blocks = {person: released[row].block for person, row in truth.items()}
    people = {"sent": known.sent, **known.orders, **_written_to(seen, known)}
    guesses: dict[str, Guess] = {}
    for name, rows in _orders_of_rows(seen, released):
        for whose, order in people.items():
            guesses[f"{name} by {whose}"] = aligned(order, rows, released, blocks)
    for name, keys in _orders_of_keys(seen):
        for way in ("up", "down"):
            held = dict(zip(known.sent, keys, strict=False))
            guesses[f"{name}, keys {way}"] = by_rank(
                held, released, blocks, backwards=way == "down"
            )
    return Played(guesses, certain(seen, released, known, blocks), truth, blocks)


def aligned(
    people: Iterable[int],
    rows: Iterable[int],
    released: Sequence[Released],
    blocks: Mapping[int, Block],
) -> Guess:
    """The k-th person of a block is the k-th row of the block."""
    places: dict[Block, Rows] = defaultdict(list)
    for row in rows:
        places[released[row].block].append(row)
    waiting = {block: iter(found) for block, found in places.items()}
    guess = {}
    for person in people:
        row = next(waiting.get(blocks[person], iter(())), None)
        if row is not None:
            guess[person] = row
    return guess


def by_rank(
    held: Mapping[int, bytes],
    released: Sequence[Released],
    blocks: Mapping[int, Block],
    *,
    backwards: bool,
) -> Guess:
    """Person to sealed row by time; sealed row to released row by the rank of its key.

    A close that did not shuffle would write the rows in the order it read them.
    """
    ordered = sorted(held, key=lambda person: held[person], reverse=backwards)
    return aligned(ordered, range(len(released)), released, blocks)


def certain(
    seen: Evidence, released: Sequence[Released], known: Known, blocks: Mapping[int, Block]
) -> Guess:
    """Links with nobody and nothing else in question.

    A block of one row; or one readable row more in a block since the night before, on a day when
    one person of the block sent.
    """
    of_block = Counter(row.block for row in released)
    alone = {row.block: place for place, row in enumerate(released) if of_block[row.block] == 1}
    found = {person: alone[block] for person, block in blocks.items() if block in alone}
    senders = Counter((known.nights[person], block) for person, block in blocks.items())
    for night, marks in enumerate(seen.new):
        rows = [place for place, row in enumerate(released) if row.mark in marks]
        fresh = Counter(released[row].block for row in rows)
        new = {released[row].block: row for row in rows if fresh[released[row].block] == 1}
        for person, block in blocks.items():
            if known.nights[person] == night and senders[night, block] == 1 and block in new:
                found[person] = new[block]
    return found


def limit(runs: Sequence[Played], *, seed: int) -> tuple[int, float]:
    """Hits of the best strategy over all runs, and the most that chance may give it.

    That is three standard deviations over the mean of the best of the same strategies, when each
    block's rows are dealt out to its people at random.
    """
    names = sorted({name for run in runs for name in run.guesses})
    dice = np.random.default_rng(seed)
    best = max(sum(run.hits[name] for run in runs) for name in names)
    dealt = [_dealt(run, names, dice) for run in runs]
    by_chance = np.sum(dealt, axis=0).max(axis=1)
    return best, float(by_chance.mean() + 3 * by_chance.std())


def _dealt(run: Played, names: Sequence[str], dice: np.random.Generator) -> np.ndarray:
    """Hits of each strategy in each of many deals: deals x strategies."""
    people = sorted(run.truth)
    said = np.array([[run.guesses.get(n, {}).get(p, -1) for p in people] for n in names])
    truth = np.array([run.truth[person] for person in people])
    blocks = sorted({*run.blocks.values()}, key=str)
    members = [
        np.array([i for i, p in enumerate(people) if run.blocks[p] == block]) for block in blocks
    ]
    hits = np.empty((DEALS, len(names)), dtype=np.int64)
    for deal in range(DEALS):
        anew = truth.copy()
        for member in members:
            anew[member] = dice.permutation(truth[member])
        hits[deal] = (said == anew).sum(axis=1)
    return hits


# --- what puts rows, keys and people in an order -------------------------------------------------


def _orders_of_rows(
    seen: Evidence, released: Sequence[Released]
) -> Iterator[tuple[str, Sequence[int]]]:
    """The released file itself, and every place where answers can be read."""
    yield "released file", range(len(released))
    yield "released file backwards", range(len(released))[::-1]
    marks = {row.mark: place for place, row in enumerate(released)}
    needles = Needles(marks)
    for where, rows in _tables(seen.copies).items():
        for name, ordered in _orders_within(rows).items():
            held = b"\0".join(row.payload for row in ordered)
            if read := [marks[mark] for mark in needles.found_in(held)]:
                yield f"{where} {name} read", read
    for where, found in seen.found.items():
        if read := [marks[one] for one in found if one in marks]:
            yield f"{where} read", read


def _orders_of_keys(seen: Evidence) -> Iterator[tuple[str, list[bytes]]]:
    """Keys of rows in the order in which they may have come."""
    for where, rows in _tables(seen.copies).items():
        for name, ordered in _orders_within(rows).items():
            yield f"{where} {name}", [row.key for row in ordered]
    for table, first in _first_nights(seen.copies).items():
        yield f"{table} by night", sorted(first, key=lambda key: (first[key], key))
    for part, whose in seen.windows.items():
        for where, found in seen.found.items():
            if keys := [whose[one] for one in found if one in whose]:
                yield f"{part} in {where}", keys


def _orders_within(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """As the rows lie, and by what the database adds to them."""
    orders = {"as it lies": [*rows]}
    if rows and rows[0].xmin is not None:
        orders["by xmin"] = sorted(rows, key=lambda row: row.xmin or 0)
        orders["by ctid"] = sorted(rows, key=lambda row: row.place or (0, 0))
    return orders


def _tables(copies: Sequence[Copy]) -> dict[str, Sequence[Row]]:
    """The fullest copy of each table, and what is left of it at the end."""
    fullest: dict[str, Sequence[Row]] = {}
    for copy in copies:
        for name, rows in copy.tables.items():
            if len(rows) >= len(fullest.get(name, ())):
                fullest[name] = rows
    left = {f"{name} at the end": rows for name, rows in copies[-1].tables.items() if rows}
    return {**fullest, **left}


def _first_nights(copies: Sequence[Copy]) -> dict[str, dict[bytes, int]]:
    """Table -> key -> the first night it was there."""
    first: dict[str, dict[bytes, int]] = defaultdict(dict)
    for night, copy in enumerate(copies):
        for table, rows in copy.tables.items():
            for row in rows:
                first[table].setdefault(row.key, night)
    return first


def _one_after_another(nights: Sequence[Mapping[str, list[bytes]]], name: str) -> list[bytes]:
    """What is found in the copies of one file, by the first night and the place in it."""
    return [*dict.fromkeys(one for files in nights for one in files.get(name, ()))]


def _windows(copies: Sequence[Copy]) -> dict[str, dict[bytes, bytes]]:
    """Table and part -> bytes that tell a row from the others -> its key."""
    made: dict[str, dict[bytes, bytes]] = {}
    for table in {name for copy in copies for name in copy.tables}:
        rows = {row.key: row for copy in copies for row in copy.tables.get(table, ())}
        parts = {
            "key": [row.key[:WINDOW] for row in rows.values()],
            "hex": [row.key.hex()[:WINDOW].encode() for row in rows.values()],
            "head": [row.payload[:WINDOW] for row in rows.values()],
            "tail": [row.payload[-WINDOW:] for row in rows.values()],
        }
        for part, windows in parts.items():
            if len({*windows}) == len(rows) and all(len(window) == WINDOW for window in windows):
                made[f"{table} {part}"] = dict(zip(windows, rows, strict=True))
    return made


def _written_to(seen: Evidence, known: Known) -> dict[str, list[int]]:
    """People in the order of the mails they got."""
    whose = {address: person for person, address in known.addresses.items()}
    mails = seen.copies[-2].files.get("mail", b"")
    found = [whose[to] for to in re.findall(rb"^To: (\S+)", mails, re.MULTILINE) if to in whose]
    return {"mails": [*dict.fromkeys(found)]} if found else {}


class Needles:
    """Byte strings to look for, all in one pass: by two bytes, by two more, then whole."""

    def __init__(self, wanted: Iterable[bytes]) -> None:
        self.by_start: dict[bytes, list[bytes]] = defaultdict(list)
        for one in wanted:
            self.by_start[one[:4]].append(one)
        self.first, self.second = np.zeros(1 << 16, dtype=bool), np.zeros(1 << 16, dtype=bool)
        for start in self.by_start:
            self.first[int.from_bytes(start[:2], "big")] = True
            self.second[int.from_bytes(start[2:], "big")] = True

    def found_in(self, content: bytes) -> list[bytes]:
        """Those that stand there, in the order of the first place of each."""
        if len(content) < 5:
            return []
        places = []
        for odd in (0, 1):
            pairs = np.frombuffer(content, ">u2", offset=odd, count=(len(content) - odd) // 2)
            likely = np.flatnonzero(self.first[pairs[:-1]])
            places.append(2 * likely[self.second[pairs[likely + 1]]] + odd)
        found: dict[bytes, None] = {}
        for place in np.sort(np.concatenate(places)).tolist():
            for one in self.by_start.get(content[place : place + 4], ()):
                if content.startswith(one, place):
                    found.setdefault(one)
        return [*found]
