"""One wave's answers drawn from the planted truth: what each invited person would send.

How many answer, how many were in the situation and how many of them cannot say how often it
succeeded is the planted share, rounded: the traps of Fjordlund name exact numbers of people, and
every draw must hold them. Who it is, and all that they say, is drawn.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from survey.seeds.planted import BARRIERS, STALLING, Parts, Planted, Truth, comments, fjordlund

Value: TypeAlias = str | int | None
Answer: TypeAlias = dict[str, Value]  # the ANSWERS columns of one person, and `comment`

FIRST = 0.02  # of those who answer: the first option throughout, trap X9
PERSONS_SPREAD = 15.0  # beta a + b of a person's own chance of success: a little, README
NONE = np.int64(-1)  # inside this module: not answered


class Invitee(NamedTuple):
    """One person invited: the unit and the profession group of the roster."""

    unit: str
    profession: str


class Draw(NamedTuple):
    """One unit's draw: its truth, who answers, and the source of chance."""

    planted: Planted
    parts: Parts
    wave: str
    truth: Truth
    professions: Sequence[str]
    rng: np.random.Generator


def drawn_wave(seed: int, wave: str, roster: Sequence[Invitee]) -> list[Answer | None]:
    """For each invited person, in the order of the roster: the answer, or None for no answer.

    The same seed, wave and people of a unit give the same answers, whatever the other units are.
    An answer keeps the rules of ANSWERS (measurement.md 2.1); `comment` is beside them.
    """
    planted = fjordlund()
    places: dict[str, list[int]] = {}
    for place, invitee in enumerate(roster):
        places.setdefault(invitee.unit, []).append(place)
    parts = planted.parts(wave, {unit: len(there) for unit, there in places.items()})
    drawn: list[Answer | None] = [None] * len(roster)
    for unit, there in places.items():
        truth = planted.truth(unit, wave)
        rng = np.random.default_rng([seed, planted.waves.index(wave), crc32(unit.encode())])
        chosen = np.sort(rng.permutation(len(there))[: round(len(there) * truth.response)])
        professions = [roster[there[one]].profession for one in chosen]
        answers = _unit(Draw(planted, parts, wave, truth, professions, rng))
        for one, answer in zip(chosen, answers, strict=True):
            drawn[there[one]] = answer
    _comment(seed, wave, drawn, planted)
    return drawn


def posted(answer: Answer) -> dict[str, str | list[str]]:
    """The answer as the form posts it: "Ved ikke" where a line of the form was not answered."""
    fields: dict[str, str | list[str]] = {
        name: str(value)
        for name, value in answer.items()
        if value is not None and name not in ("wave", "unit", "behaviour", "profession")
    }
    for name in ("stall", "citizen"):
        chosen = [fields.pop(f"{name}_{place}") for place in (1, 2) if f"{name}_{place}" in fields]
        fields[name] = [str(value) for value in chosen]
    if answer["situation"] in ("several", "once"):
        for name in ("successes", *(f"b_{code.lower()}" for code in BARRIERS)):
            fields.setdefault(name, "unknown")
    return fields


def _unit(draw: Draw) -> list[Answer]:
    """The answers of those in one unit who answer."""
    n = len(draw.professions)
    in_situation = np.zeros(n, dtype=bool)
    in_situation[draw.rng.permutation(n)[: round(n * draw.truth.p_situation)]] = True
    # All who take the first option are in the situation, so `n` people of S stay `n`.
    share = min(1.0, FIRST * n / max(1, int(in_situation.sum())))
    first = in_situation & (draw.rng.random(n) < share)
    lines = _lines(draw, in_situation, first, share)
    columns: dict[str, list[Value]] = {
        "wave": [draw.wave] * n,
        "unit": [draw.truth.unit] * n,
        "behaviour": [draw.truth.behaviour] * n,
        "profession": list(draw.professions),
        "clarity": _scale(draw, 3.9, first),
        "situation": _situation(draw, in_situation, first),
        "successes": _successes(draw, in_situation, first, share),
        **{f"b_{code.lower()}": _plain(lines[:, i]) for i, code in enumerate(BARRIERS)},
        **_about_barriers(draw, lines),
        **_citizen(draw, first),
        "changed_by_citizen": _one_of(draw, "changed_by_citizen", first),
        **{f"safe_{key}": _scale(draw, draw.truth.safe["abc".index(key)], first) for key in "abc"},
        "noticed": _noticed(draw, first),
    }
    return [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]


def _plain(values: NDArray[np.int64]) -> list[Value]:
    return [None if value == NONE else int(value) for value in values]


def _lines(
    draw: Draw, in_situation: NDArray[np.bool_], first: NDArray[np.bool_], share: float
) -> NDArray[np.int64]:
    """One row per person and one column per barrier: 0, 1, 2 or nothing.

    Those who take the first option say "Nej" throughout, so the others say "I høj grad" that much
    more often: the planted share is of everyone in the situation.
    """
    cells = {
        profession: [
            draw.planted.line(draw.truth.unit, profession, code, draw.wave) for code in BARRIERS
        ]
        for profession in set(draw.professions)
    }
    rows = [cells[profession] for profession in draw.professions]
    shape = (len(rows), len(BARRIERS))
    high = np.array([[cell.high for cell in row] for row in rows]).reshape(shape) / (1 - share)
    high = np.minimum(high, 1)
    some = np.minimum(np.array([[c.some for c in row] for row in rows]).reshape(shape), 1 - high)
    unknown = np.array([[cell.unknown for cell in row] for row in rows]).reshape(shape)
    chance = draw.rng.random(shape)
    drawn = np.select(
        [chance < high, chance < high + some, chance < high + some + unknown], [2, 1, NONE], 0
    )
    drawn[first] = 0
    drawn[~in_situation] = NONE
    return drawn.astype(np.int64)


def _situation(
    draw: Draw, in_situation: NDArray[np.bool_], first: NDArray[np.bool_]
) -> list[Value]:
    several = draw.planted.shares("situation_several", draw.truth.unit, draw.wave)["yes"]
    often = draw.rng.random(len(first)) < several
    half = draw.rng.random(len(first)) < 0.5
    inside = np.where(often | first, "several", "once")
    outside = np.where(half, "no", "not_my_work")
    return [str(value) for value in np.where(in_situation, inside, outside)]


def _successes(
    draw: Draw, in_situation: NDArray[np.bool_], first: NDArray[np.bool_], share: float
) -> list[Value]:
    """Binomial of five around the level, each person with an own chance near it."""
    mean = min(draw.truth.level / (1 - share), 0.99)
    own = draw.rng.beta(mean * PERSONS_SPREAD, (1 - mean) * PERSONS_SPREAD, len(first))
    drawn = draw.rng.binomial(5, own)
    chance = np.where(in_situation & ~first, draw.rng.random(len(first)), 1)
    unknown = round(int(in_situation.sum()) * draw.truth.successes_unknown)
    drawn[np.argsort(chance)[:unknown]] = NONE
    drawn[first] = 0
    drawn[~in_situation] = NONE
    return _plain(drawn)


def _scale(draw: Draw, mean: float, first: NDArray[np.bool_]) -> list[Value]:
    """1-5 with that mean over everyone, those at the first option counted."""
    others = min((mean - FIRST) / (1 - FIRST), 5)
    drawn = 1 + draw.rng.binomial(4, (others - 1) / 4, len(first))
    drawn[first] = 1
    return _plain(drawn)


def _pick(draw: Draw, shares: Mapping[str, float]) -> str:
    """One key, each as likely as its share of the sum."""
    point = draw.rng.random() * sum(shares.values())
    for key, share in shares.items():
        point -= share
        if point < 0:
            return key
    return [*shares][-1]


def _one_of(draw: Draw, measure: str, first: NDArray[np.bool_]) -> list[Value]:
    shares = draw.planted.shares(measure, draw.truth.unit, draw.wave)
    return [next(iter(shares)) if one else _pick(draw, shares) for one in first]


def _noticed(draw: Draw, first: NDArray[np.bool_]) -> list[Value]:
    shares = draw.truth.noticed
    if shares is None:
        return [None] * len(first)
    return [next(iter(shares)) if one else _pick(draw, shares) for one in first]


def _citizen(draw: Draw, first: NDArray[np.bool_]) -> dict[str, list[Value]]:
    """One or two of five, so that each is named as often as planted; "nothing" stands alone."""
    shares = draw.planted.shares("citizen", draw.truth.unit, draw.wave)
    nothing = shares.pop("nothing")
    keys = list(shares)
    wanted = np.array([shares[key] for key in keys]) / (1 - nothing)
    # Systematic draw: points one apart on the joined shares. Nobody can name more than two.
    ends = np.cumsum(wanted * min(1, 2 / wanted.sum()))
    one: list[Value] = []
    two: list[Value] = []
    for is_first in first:
        point = draw.rng.random()
        named = [
            keys[int(np.searchsorted(ends, p, "right"))] for p in (point, point + 1) if p < ends[-1]
        ]
        if is_first:
            named = keys[:1]
        elif draw.rng.random() < nothing:
            named = ["nothing"]
        one.append(named[0])
        two.append(named[1] if len(named) > 1 else None)
    return {"citizen_1": one, "citizen_2": two}


def _about_barriers(draw: Draw, lines: NDArray[np.int64]) -> dict[str, list[Value]]:
    """Priority, stall and resolver: each follows from the person's own ten lines."""
    rows = [_about_own(draw, row) for row in lines]
    keys = ("priority", "stall_1", "stall_2", "stall_how", "resolver")
    return {key: [row[i] for row in rows] for i, key in enumerate(keys)}


def _about_own(draw: Draw, row: NDArray[np.int64]) -> tuple[Value, Value, Value, Value, Value]:
    own = {code: int(value) for code, value in zip(BARRIERS, row, strict=True) if value > 0}
    if not own:
        return None, None, None, None, None
    priority = _pick(draw, {code: 3.0 if value == 2 else 1.0 for code, value in own.items()})
    planted = draw.planted.planted("resolver", draw.truth.unit)
    background = draw.planted.shares("resolver", draw.truth.unit, draw.wave)
    resolver = _pick(draw, planted.get(priority, background))
    if not STALLING & own.keys():
        return priority, None, None, None, resolver
    stalls = _stalls(draw, own)
    how = _stall_how(draw, own) if any(part != "own" for part in stalls) else None
    one, two = (*stalls, None, None)[:2]
    return priority, one, two, how, resolver


def _stalls(draw: Draw, own: Mapping[str, int]) -> list[str]:
    """At most two places: the planted parts, each as often as planted, else the background."""
    planted = draw.planted.planted("stall", draw.truth.unit)
    targets: dict[str, float] = {}
    for barrier in planted.keys() & own.keys():
        targets |= planted[barrier]
    named = [part for part, share in sorted(targets.items()) if draw.rng.random() < share]
    if named:
        return named[:2]
    place = _pick(draw, draw.planted.shares("stall", draw.truth.unit, draw.wave))
    if place == "prefer_not":
        return []
    if place != "other_part":
        return [place]
    others = [part for part in draw.parts.others(draw.truth.unit) if part not in targets]
    return [others[int(draw.rng.integers(len(others)))]] if others else ["outside"]


def _stall_how(draw: Draw, own: Mapping[str, int]) -> str:
    for barrier, shares in draw.planted.planted("stall_how", draw.truth.unit).items():
        if barrier in own:
            return _pick(draw, shares)
    return _pick(draw, draw.planted.shares("stall_how", draw.truth.unit, draw.wave))


def _comment(seed: int, wave: str, drawn: Sequence[Answer | None], planted: Planted) -> None:
    """Give 14 per cent a comment, nobody's name in it, and plant the six of trap X8.

    A centre with a planted comment gets ten or more, so that they are shown to the reviewer.
    """
    rng = np.random.default_rng([seed, planted.waves.index(wave), crc32(b"comments")])
    listed = list(comments())
    texts = [text for where, unit, text in listed if not where and not unit]
    sent = [answer for answer in drawn if answer is not None]
    for answer in sent:
        share = planted.shares("comment_given", str(answer["unit"]), wave)["*"]
        answer["comment"] = str(rng.choice(texts)) if rng.random() < share else None
    parts = Parts(planted.parents(wave), {})
    for unit, text in [(unit, text) for where, unit, text in listed if where == wave]:
        chosen = [answer for answer in sent if answer["unit"] == unit]
        centre = parts.path(unit)[0]
        beside = [a for a in sent if parts.path(str(a["unit"]))[0] == centre]
        quiet = [answer for answer in beside if answer["comment"] is None]
        for answer in quiet[: max(0, 10 - (len(beside) - len(quiet)))]:
            answer["comment"] = str(rng.choice(texts))
        free = [a for a in chosen if a["comment"] is None] or chosen
        free[int(rng.integers(len(free)))]["comment"] = text
