"""Findings as headlines: each states what was found, by a rule of measurement 3.10 and 5."""

from collections.abc import Mapping, Sequence
from typing import Final

from analysis.findings import (
    Banded,
    Change,
    Clipped,
    Joined,
    Measured,
    Number,
)
from analysis.wording import numbers
from analysis.wording.sentences import address_name, bare_name, name_inside
from analysis.wording.voice import Voice, counted, inside, listed, opened

HALF: Final = 0.5
MOST_LETTERS: Final = 115  # of a headline: two lines
SINGULAR: Final = frozenset(("OKO", "TID", "FEJL"))  # "time stands out", but "skills stand out"
LOW_BACKING: Final = 0.4  # of those who answered, below which backing comes first (measurement 5)


def level_headline(voice: Voice, number: Number, change_: Change | None) -> str:
    """The certain change if there is one, else the number itself."""
    verdict = None if change_ is None else change_.verdict
    match number, verdict:
        case ((Measured() | Joined() | Clipped()), "up"):
            return voice.gettext("It succeeds more often than last time")
        case ((Measured() | Joined() | Clipped()), "down"):
            return voice.gettext("It succeeds less often than last time")
        case ((Measured() | Joined() | Clipped() | Banded()), _):
            return numbers.level(voice, number).main
        case _:
            return voice.gettext("How often it succeeds is not shown here")


def without_pattern(voice: Voice, level: Number, ranked: Sequence[tuple[str, Number]]) -> str:
    """How often it succeeds, and what the barriers say where none stands out; may be nothing."""
    said = {"level": numbers.level(voice, level).main}
    if (first := told_apart(ranked)) is not None:
        return voice.gettext(
            "%(level)s, and more people point to %(barrier)s than to any other"
        ) % {
            **said,
            "barrier": bare_name(voice, first),
        }
    if any(isinstance(number, Measured | Joined | Clipped | Banded) for _, number in ranked):
        return voice.gettext("%(level)s, and no barrier stands out") % said
    return said["level"]


def barriers_headline(
    voice: Voice,
    codes: Sequence[str],
    ranked: Sequence[tuple[str, Number]],
    *,
    certain: bool,
    where: Sequence[str] = (),
) -> str:
    """Which barriers stand out, and where each does if that is not in the whole.

    Without any, whether the first can be told from the next.
    """
    if codes and where:
        return _places_headline(voice, codes, where, certain=certain)
    if codes:
        many = 1 if len(codes) == 1 and codes[0] in SINGULAR else 2
        names = {"barriers": listed(voice, [bare_name(voice, code) for code in codes])}
        if certain:
            form = voice.ngettext("%(barriers)s stands out", "%(barriers)s stand out", many)
        else:
            form = voice.ngettext(
                "It suggests that %(barriers)s stands out",
                "It suggests that %(barriers)s stand out",
                many,
            )
        return opened(form % names)
    first = told_apart(ranked)
    if first is not None:
        return voice.gettext("More people point to %(barrier)s than to anything else") % {
            "barrier": name_inside(voice, first)
        }
    if any(isinstance(number, Measured | Joined | Clipped | Banded) for _, number in ranked):
        return voice.gettext("No barrier stands out from the others")
    return voice.gettext("The numbers on barriers are not shown here")


def _places_headline(
    voice: Voice, codes: Sequence[str], where: Sequence[str], *, certain: bool
) -> str:
    """Each barrier and its place; of long names only how many there are."""
    code, *others = codes
    unit, *elsewhere = where
    first = (
        stands_out_in(voice, code, unit)
        if certain
        else voice.gettext("%(barrier)s can be felt in %(unit)s")
        % {"barrier": bare_name(voice, code), "unit": unit}
    )
    more = [
        voice.gettext("%(barrier)s in %(unit)s") % {"barrier": bare_name(voice, one), "unit": place}
        for one, place in zip(others, elsewhere, strict=True)
    ]
    each = listed(voice, [first, *more])
    counted_ = voice.gettext("%(num)s barriers stand out, each in its own place") % {
        "num": counted(voice, len(codes))
    }
    suggests = voice.ngettext(
        "It suggests a pattern", "It suggests a pattern in each place", len(codes)
    )
    full, short = (
        opened(one) if certain else f"{opened(one)}. {suggests}" for one in (each, counted_)
    )
    return full if len(full) <= MOST_LETTERS or not others else short


def stands_out_in(voice: Voice, code: str, unit: str) -> str:
    """A barrier and the unit where it stands out, as it stands inside a sentence."""
    form = voice.ngettext(
        "%(barrier)s stands out in %(unit)s",
        "%(barrier)s stand out in %(unit)s",
        1 if code in SINGULAR else 2,
    )
    return form % {"barrier": bare_name(voice, code), "unit": unit}


def told_apart(ranked: Sequence[tuple[str, Number]]) -> str | None:
    """The first code when its whole interval lies above the next one's, else None."""
    measured = [(code, one) for code, one in ranked if isinstance(one, Measured)]
    if len(measured) < 2 or len(measured) < len(ranked):
        return None
    (code, first), (_, second) = measured[:2]
    return code if first.low > second.high else None


def pointed(voice: Voice, names: Sequence[str], *, is_certain: bool) -> str:
    """What more people point to than to any other, and whether that may be chance.

    `names` are one, or two that cannot be told apart; without any it is empty.
    """
    if not names:
        return ""
    said = voice.gettext("More of you point to %(name)s than to any other.") % {
        "name": either(voice, names)
    }
    if is_certain:
        return said
    if len(names) > 1:
        return f"{said} {voice.gettext('The difference between the two may be chance.')}"
    return f"{said} {voice.gettext('The difference to the next ones may be chance.')}"


def either(voice: Voice, names: Sequence[str]) -> str:
    """One name, or two that cannot be told apart: "tid eller regler"."""
    if len(names) < 2:
        return "".join(names)
    form = (
        voice.gettext("%(some)s, or %(last)s")
        if ", " in names[0]
        else voice.gettext("%(some)s or %(last)s")
    )
    return form % {"some": names[0], "last": names[1]}


def resolver_headline(
    voice: Voice, staff: str | None, pattern: str | None, *, or_: str | None = None
) -> str:
    """Who the staff and the pattern point to, side by side; `or_` is as near as the first."""
    if staff is None and pattern is None:
        return voice.gettext("The answers do not point in one direction")
    if staff is None:
        return voice.gettext("The pattern points to %(level)s") % {
            "level": inside(address_name(voice, pattern or ""))
        }
    said = either(voice, [inside(address_name(voice, one)) for one in (staff, or_) if one])
    if pattern is None:
        return voice.gettext("More of you point to %(level)s than to any other") % {"level": said}
    if staff == pattern and or_ is None:
        return voice.gettext(
            "More of you point to %(level)s than to any other, and so does the pattern"
        ) % {"level": said}
    if pattern in (staff, or_):
        other = or_ if staff == pattern else staff
        return voice.gettext(
            "The pattern points to %(pattern)s. You say the same, or %(other)s"
        ) % {
            "pattern": inside(address_name(voice, pattern)),
            "other": inside(address_name(voice, other or pattern)),
        }
    return voice.gettext("More of you point to %(staff)s, the pattern to %(pattern)s") % {
        "staff": said,
        "pattern": inside(address_name(voice, pattern)),
    }


def citizen_headline(voice: Voice, options: Sequence[str]) -> str:
    """What more people answer than anything else, as the sentence it was offered as."""
    if not options:
        return voice.gettext("What the citizen would notice")
    return voice.gettext("Most often you answer that the citizen %(option)s") % {
        "option": either(voice, [inside(one) for one in options])
    }


def safe_headline(voice: Voice, items: Mapping[str, Number]) -> str:
    """Backing first where few know who can say yes; otherwise how the three lie round a half."""
    if is_low(items["safe_c"]):
        return voice.gettext("Few know who can say yes to trying something new")
    sides = {key: _side_of_half(one) for key, one in items.items()}
    if set(sides.values()) == {1}:
        return voice.gettext("Most find that something new can be tried here")
    if set(sides.values()) == {-1}:
        return voice.gettext("Fewer than half find that something new can be tried here")
    return _safe_differs(voice, items, sides)


def _safe_differs(voice: Voice, items: Mapping[str, Number], sides: Mapping[str, int]) -> str:
    """The first that surely more than half agree to, and the first that surely fewer do.

    Without either, that they are divided; of words about a few people only the word.
    """
    clauses = {
        "safe_a": voice.gettext("can try something new on a small scale"),
        "safe_b": voice.gettext("talk about what can be learned when something goes wrong"),
        "safe_c": voice.gettext("know who can say yes to something new"),
    }
    forms = {1: voice.gettext("Most %(what)s"), -1: voice.gettext("Fewer than half %(what)s")}
    first = {sides[key]: key for key in reversed(list(sides))}
    said = [form % {"what": clauses[first[side]]} for side, form in forms.items() if side in first]
    if said:
        return ". ".join(said)
    if isinstance(known := items["safe_c"], Banded):
        return f"{numbers.band(voice, known)} {clauses['safe_c']}"
    if any(isinstance(one, Measured | Joined) for one in items.values()):
        return voice.gettext("You are divided on how safe it is to try something new")
    return voice.gettext("Talk about what makes it safe to try")


def _side_of_half(number: Number) -> int:
    """1 for surely more than half, -1 for surely fewer: with the whole interval. 0 is not known."""
    match number:
        case Measured(low=low, high=high) | Joined(low=low, high=high):
            return (low > HALF) - (high < HALF)
        case Clipped(direction=direction):
            return -1 if direction == "at_most" else 1
        case _:
            return 0


def is_low(number: Number) -> bool:
    """Whether so few agree that backing must come before a trial."""
    match number:
        case Measured(share=value):
            return value < LOW_BACKING
        case Joined(last=last):
            return last < LOW_BACKING
        case Clipped(direction=direction):
            return direction == "at_most"
        case Banded(band=band, band_to=None):
            return band in ("few", "half_or_less")
        case _:
            return False
