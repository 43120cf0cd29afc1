"""How one number is said: in tenths, in per cent, as a band, or not at all (measurement 3.10).

A number is never bare: what is said carries its interval, or the reason there is none.
"""

from dataclasses import dataclass
from typing import Final, assert_never

from analysis.disclosure import step_and_ends
from analysis.estimate import response_bounds
from analysis.findings import Banded, Clipped, Hidden, Joined, Measured, Number, Open
from analysis.wording.voice import Voice

PERCENT_FROM: Final = 40  # people: below this a share is said in tenths (R4)
EXACT_FROM: Final = 300  # people: from here without "about" (R4)
FLOOR, CEILING = 1, 99  # per cent: ends of an interval that say nothing on their side


@dataclass(frozen=True, slots=True)
class Said:
    """A number in words; `kind` names its form, `interval` is empty where it has none."""

    kind: str
    main: str
    interval: str = ""

    @property
    def whole(self) -> str:
        return f"{self.main} ({self.interval})" if self.interval else self.main


def people(number: Number) -> int | None:
    """How many stand behind it: exact, or the first of the step. None where that is not told."""
    match number:
        case Hidden() | Banded():
            return None
        case Measured() | Joined() | Clipped() | Open():
            if number.n is not None:
                return number.n
            return int((number.n_band or "0").partition("-")[0])
        case _:
            assert_never(number)


def in_tenths(number: Number) -> bool:
    count = people(number)
    return count is not None and count < PERCENT_FROM


def per_cent(share: float) -> int:
    return round(100 * share)


def tenths(share: float) -> int:
    return round(10 * share)


def share(voice: Voice, number: Number) -> Said:
    """A share as it stands inside a sentence: "omkring 40 %" and "mellem 25 og 55 %"."""
    few = voice.content("messages")["few_answers"]
    match number:
        case Measured():
            return Said("measured", _about(voice, number), _interval(voice, number))
        case Joined():
            return Said("joined", _between(voice, number), _interval(voice, number))
        case Clipped():
            return Said("clipped", _clipped(voice, number))
        case Banded():
            return Said("banded", band(voice, number).lower())
        case Open():
            return Said("open", voice.pick(few["open"]))
        case Hidden():
            return Said("hidden", voice.pick(few["hidden_short"]))
        case _:
            assert_never(number)


def band(voice: Voice, number: Banded) -> str:
    """The band: "Nogle", or "Nogle eller næsten alle" where bands were joined."""
    few = voice.content("messages")["few_answers"]
    first = voice.pick(few["bands"][number.band])
    if number.band_to is None:
        return first
    last = voice.pick(few["bands"][number.band_to]).lower()
    return voice.pick(few["joined_bands"]).format(band=first, band_to=last)


def bounds(voice: Voice, number: Number) -> str:
    """A share of those who answered, and where it would lie had all done so.

    Empty unless it is told in per cent, of people told in steps (base A), and some did not answer:
    outside the situation nobody is missing.
    """
    if not isinstance(number, Measured) or number.n_band is None or in_tenths(number):
        return ""
    count = people(number) or 0
    if count >= number.N:
        return ""
    value, step = per_cent(number.share), step_and_ends(count)[0]
    low, high = response_bounds(value, value, n=count, N=number.N, step=step)
    text = voice.pick(voice.content("messages")["few_answers"]["bounds"])
    said = text.format(
        n=number.n_band.replace("-", "–"), invited=number.N, value=value, low=low, high=high
    )
    return said.replace(" %", voice.percent(0)[1:])


def short(voice: Voice, number: Number) -> str:
    """A share for a column of figures: "4 ud af 10", "40 %", "20–30 %", "højst 5 %", "nogle"."""
    match number:
        case Measured():
            return _figure(voice, number, _step(number, number.share))
        case Joined():
            ends = f"{_step(number, number.first)}–{_step(number, number.last)}"
            return _figure(voice, number, ends)
        case Open():
            return voice.gettext("cannot be said")
        case Hidden() | Clipped() | Banded():
            said = share(voice, number).main
            return said[:1].lower() + said[1:]
        case _:
            assert_never(number)


def figure(voice: Voice, number: Number) -> str:
    """A share for a narrow field whose heading says per cent: "40", "20–30", "≤ 5", "nogle"."""
    match number:
        case Measured():
            return str(per_cent(number.share))
        case Joined():
            return f"{per_cent(number.first)}–{per_cent(number.last)}"
        case Clipped():
            sign = "≤" if number.direction == "at_most" else "≥"
            return f"{sign}\u00a0{per_cent(number.end)}"
        case Banded():
            return _narrow(voice, number)
        case Open():
            return "·"
        case Hidden():
            return ""
        case _:
            assert_never(number)


def _narrow(voice: Voice, number: Banded) -> str:
    words = {
        "half_or_less": voice.gettext("at most ½"),
        "over_half": voice.gettext("over ½"),
        "few": voice.gettext("few"),
        "some": voice.gettext("some"),
        "nearly_all": voice.gettext("nearly all"),
    }
    if number.band_to is None:
        return words[number.band]
    return f"{words[number.band]}–{words[number.band_to]}"


def interval_figures(voice: Voice, number: Number) -> str:
    """An interval for a column: "25–55", "højst 55", "mindst 45"; empty without one."""
    if not isinstance(number, Measured | Joined):
        return ""
    low, high = per_cent(number.low), per_cent(number.high)
    if low <= FLOOR:
        return voice.gettext("at most %(value)s") % {"value": high}
    if high >= CEILING:
        return voice.gettext("at least %(value)s") % {"value": low}
    return f"{low}–{high}"


def _step(number: Number, value: float) -> str:
    return str(tenths(value) if in_tenths(number) else per_cent(value))


def _figure(voice: Voice, number: Number, digits: str) -> str:
    if in_tenths(number):
        return voice.gettext("%(value)s in 10") % {"value": digits}
    return voice.percent(0).replace("0", digits)


def _about(voice: Voice, number: Measured) -> str:
    figure_ = _figure(voice, number, _step(number, number.share))
    count = people(number)
    if count is not None and count >= EXACT_FROM:
        return figure_
    return voice.gettext("about %(share)s") % {"share": figure_}


def _between(voice: Voice, number: Joined) -> str:
    first, last = _step(number, number.first), _step(number, number.last)
    if in_tenths(number):
        return _figure(voice, number, f"{first}–{last}")
    return voice.gettext("between %(low)s and %(high)s") % {
        "low": first,
        "high": _figure(voice, number, last),
    }


def _interval(voice: Voice, number: Measured | Joined) -> str:
    low, high = per_cent(number.low), per_cent(number.high)
    if low <= FLOOR:
        return voice.gettext("at most %(value)s") % {
            "value": _figure(voice, number, _step(number, number.high))
        }
    if high >= CEILING:
        return voice.gettext("at least %(value)s") % {
            "value": _figure(voice, number, _step(number, number.low))
        }
    return voice.gettext("between %(low)s and %(high)s") % {
        "low": _step(number, number.low),
        "high": _figure(voice, number, _step(number, number.high)),
    }


def _clipped(voice: Voice, number: Clipped) -> str:
    clip = voice.content("messages")["few_answers"]["clip"]
    if in_tenths(number):
        return voice.pick(clip[f"{number.direction}_tenths"]).format(tenths=tenths(number.end))
    text = voice.pick(clip[number.direction])
    return text.format(value=per_cent(number.end)).replace(" %", voice.percent(0)[1:])


# --- how often it succeeds ---------------------------------------------------------------------


def level(voice: Voice, number: Number) -> Said:
    """The behaviour level as a sentence: "Det lykkes omkring 45 ud af 100 gange"."""
    few = voice.content("messages")["few_answers"]
    match number:
        case Measured():
            return Said("measured", _level_about(voice, number), _level_interval(voice, number))
        case Joined():
            text = voice.pick(few["level_joined"]).rstrip(".")
            main = text.format(
                value=_step(number, number.first), value_to=_step(number, number.last)
            )
            return Said("joined", _on_scale(main, number), _level_interval(voice, number))
        case Clipped():
            text = voice.pick(few[f"level_{number.direction}"]).rstrip(".")
            return Said("clipped", _on_scale(text.format(value=_step(number, number.end)), number))
        case Banded():
            return Said(
                "banded", voice.gettext("It succeeds %(often)s") % {"often": often(voice, number)}
            )
        case Open():
            return Said("open", voice.pick(few["open"]))
        case Hidden():
            return Said("hidden", voice.pick(few["hidden_short"]))
        case _:
            assert_never(number)


def often(voice: Voice, number: Banded) -> str:
    """A band of the level: "nogle af gangene"."""
    few = voice.content("messages")["few_answers"]
    first = voice.pick(few["level_bands"][number.band])
    if number.band_to is None:
        return first
    last = voice.pick(few["level_bands"][number.band_to])
    return voice.pick(few["joined_bands"]).format(band=first, band_to=last)


def level_short(voice: Voice, number: Number) -> str:
    """The level for a column of figures: "45 af 100", "4 af 10", "nogle af gangene"."""
    match number:
        case Measured():
            return _of(voice, number, _step(number, number.share))
        case Joined():
            return _of(voice, number, f"{_step(number, number.first)}–{_step(number, number.last)}")
        case Clipped():
            text = _of(voice, number, _step(number, number.end))
            form = {
                "at_most": voice.gettext("at most %(value)s"),
                "at_least": voice.gettext("at least %(value)s"),
            }
            return form[number.direction] % {"value": text}
        case Banded():
            return often(voice, number)
        case Open() | Hidden():
            return short(voice, number)
        case _:
            assert_never(number)


def _of(voice: Voice, number: Number, digits: str) -> str:
    whole = 10 if in_tenths(number) else 100
    return voice.gettext("%(value)s of %(whole)s") % {"value": digits, "whole": whole}


def _level_about(voice: Voice, number: Measured) -> str:
    few = voice.content("messages")["few_answers"]
    count = people(number) or 0
    key = (
        "level_20_39" if count < PERCENT_FROM else "level_40" if count < EXACT_FROM else "level_300"
    )
    said = _step(number, number.share)
    text = voice.pick(few[key]).rstrip(".").partition(" (")[0]
    return text.format(tenths=said, value=said)


def _level_interval(voice: Voice, number: Measured | Joined) -> str:
    low, high = per_cent(number.low), per_cent(number.high)
    ends = {"low": _step(number, number.low), "high": _step(number, number.high)}
    if low <= FLOOR:
        return voice.gettext("at most %(value)s") % {"value": ends["high"]}
    if high >= CEILING:
        return voice.gettext("at least %(value)s") % {"value": ends["low"]}
    return voice.gettext("between %(low)s and %(high)s") % ends


def _on_scale(text: str, number: Number) -> str:
    """The sentences of content are on 100; below 40 people the scale is 10."""
    return text.replace("100", "10") if in_tenths(number) else text
