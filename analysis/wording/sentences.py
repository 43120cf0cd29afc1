"""Findings as sentences, each by a rule of measurement 3.10 and 5.

A claim is made from a number or a verdict of the release, never typed. What is unsure "suggests".
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from analysis.findings import (
    Banded,
    Change,
    Clipped,
    Joined,
    Measured,
    Number,
    Quality,
    TrialFinding,
)
from analysis.wording import numbers
from analysis.wording.voice import Voice, inside, opened

EXPLAINS: Final = re.compile(r",| \(| that ")  # what follows in the name of a barrier


def barrier(voice: Voice, code: str) -> Mapping[str, Any]:
    """The entry of the catalogue."""
    entries: Mapping[str, Any] = {one["code"]: one for one in voice.content("barriers")["barriers"]}
    return entries[code]  # type: ignore[no-any-return]


def name(voice: Voice, code: str) -> str:
    return voice.pick(barrier(voice, code)["name"])


def name_inside(voice: Voice, code: str) -> str:
    return inside(name(voice, code))


def bare_name(voice: Voice, code: str) -> str:
    """The same without what explains it: "frygt for fejl", "mål"."""
    return EXPLAINS.split(name_inside(voice, code))[0]


def clause(voice: Voice, code: str) -> str:
    """What fills {barrier}: "dagen er lagt sådan, at der mangler tid"."""
    entry = barrier(voice, code)
    return voice.pick(entry.get("short_report", entry["short"]))


def address_name(voice: Voice, address: str) -> str:
    return voice.pick(voice.content("barriers")["levels"][address])


def certainty(voice: Voice, key: str, **fields: object) -> str:
    texts = {one["key"]: one for one in voice.content("report_language")["certainty"]}
    return voice.pick(texts[key]).format(**fields)


def level_text(voice: Voice, key: str, **fields: object) -> str:
    """A sentence about who can remove a barrier."""
    texts = {one["key"]: one for one in voice.content("report_language")["levels"]}
    return voice.pick(texts[key]).format(**fields)


def few(voice: Voice, key: str, **fields: object) -> str:
    return voice.pick(voice.content("messages")["few_answers"][key]).format(**fields)


def response(voice: Voice, notes: Sequence[Quality]) -> str:
    """What a reader must know about who answered in a unit; empty where nothing is unusual."""
    if any(note.step == "under_40" for note in notes):
        return few(voice, "low_response")
    careful = [note for note in notes if "read_with_care" in note.flags]
    if any(note.fell_pp for note in careful):
        return certainty(voice, "read_with_care")
    if careful:
        return voice.gettext(
            "More have answered than were invited. Take the number with reservations."
        )
    return ""


# --- what one number says ----------------------------------------------------------------------


def stands_in_the_way(voice: Voice, number: Number, code: str) -> str:
    """How many say that a barrier stands in the way; empty where nothing may be said."""
    match number:
        case Banded(n_band="5-7"):
            return few(
                voice, "n_5_7", band=numbers.band(voice, number), barrier=clause(voice, code)
            )
        case Banded():
            word = numbers.band(voice, number)
            return few(voice, "n_8_19", band=word, barrier=clause(voice, code))
        case Measured() | Joined() | Clipped():
            said = numbers.share(voice, number)
            text = voice.gettext(
                "%(share)s say that it stands in the way to a great extent that %(barrier)s"
            ) % {"share": opened(said.main), "barrier": clause(voice, code)}
            return f"{text} ({said.interval})." if said.interval else f"{text}."
        case _:
            return ""


def how_often(voice: Voice, number: Number) -> str:
    """How often it succeeds, with its interval or the invitation to talk."""
    match number:
        case Banded(n_band="5-7"):
            return few(voice, "level_5_7", band=numbers.often(voice, number))
        case Banded():
            return few(voice, "level_8_19", band=numbers.often(voice, number))
        case Measured() | Joined() | Clipped():
            return f"{numbers.level(voice, number).whole}."
        case _:
            return ""


def how_often_rest(voice: Voice, number: Number) -> str:
    """What a headline that says the level leaves out: the interval, or the invitation to talk."""
    match number:
        case Measured() | Joined():
            interval = numbers.level(voice, number).interval
            return voice.gettext("With great certainty it is %(interval)s.") % {
                "interval": interval
            }
        case Banded():
            return how_often(voice, number).partition(". ")[2]
        case _:
            return ""


def change(voice: Voice, change_: Change | None, *, of_level: bool = False) -> str:
    """What may be said of a change; empty in a first wave and where there is nothing to hold up."""
    match change_:
        case Change(verdict="up"):
            return certainty(voice, "clear_rise")
        case Change(verdict="down"):
            return certainty(voice, "clear_fall")
        case Change(verdict=str(verdict)):
            return certainty(voice, verdict)
        case Change(bands=str(bands), to=str(to)):
            words = _bands(voice, of_level=of_level)
            key = "same_band" if bands == "same" else f"bands_{bands}"
            before = words[change_.from_] if change_.from_ else ""
            return certainty(voice, key, **{"from": before, "to": words[to]})
        case _:
            return ""


def _bands(voice: Voice, *, of_level: bool) -> dict[str, str]:
    texts = voice.content("messages")["few_answers"]["level_bands" if of_level else "bands"]
    return {key: inside(voice.pick(text)) for key, text in texts.items()}


def last_time(voice: Voice, before: Number) -> str:
    """The value before: "Sidst var det 30.", on the scale of the sentence before it."""
    if not isinstance(before, Measured):
        return ""
    in_tenths = numbers.in_tenths(before)
    value = numbers.tenths(before.share) if in_tenths else numbers.per_cent(before.share)
    return few(voice, "level_last", value=value)


def hidden(voice: Voice, parent: str) -> str:
    """Why there is no number, and where the answers count; at the top only the first."""
    text = few(voice, "hidden", parent=parent)
    return text if parent else text.partition(". ")[0] + "."


# --- trials ------------------------------------------------------------------------------------


def trial(voice: Voice, finding: TrialFinding) -> list[str]:
    """What may be said of a trial, and always that high numbers tend to fall by themselves."""
    said = [_verdict(voice, finding), _drift(voice, finding)]
    return [sentence for sentence in said if sentence]


def _verdict(voice: Voice, finding: TrialFinding) -> str:
    keys = {
        "not_seen": "trial_not_seen",
        "worse": "trial_worse",
        "too_few": "trial_too_few",
        "moved_here": "trial_moved",
        "suggests": "trial_suggests",
    }
    key = keys[finding.verdict]
    if finding.verdict not in ("moved_here", "suggests"):
        return certainty(voice, key)
    chance = chance_in(voice, finding.p)
    if finding.tried_diff is None or finding.others_diff is None:
        text = certainty(voice, key, tried="", others="", chance=chance)
        return opened(text.rpartition(": ")[2].rpartition(". ")[2])
    moves = voice.content("report_language")["trial_moves"]
    return certainty(
        voice,
        key,
        tried=_move(voice, moves, finding.tried_diff),
        others=_move(voice, moves, finding.others_diff),
        chance=chance,
    )


def _move(voice: Voice, moves: Mapping[str, Any], diff: int) -> str:
    kind = "still" if diff == 0 else "rose" if diff > 0 else "fell"
    return voice.pick(moves[kind]).format(pp=abs(diff))


def parted(drift: str) -> tuple[str, str]:
    """What holds for every trial, and what is expected of this one, empty where nothing is."""
    general, _, expected = drift.rpartition(". ")
    return (f"{general}.", expected) if general else (expected, "")


def _drift(voice: Voice, finding: TrialFinding) -> str:
    expected = finding.expected_drift
    text = certainty(voice, "drift", expected="{expected}")
    head, _, tail = text.rpartition(". ")
    if expected is None:
        return f"{head}."
    if expected == 0:
        said = voice.gettext("no change by itself")
    else:
        form = (
            voice.ngettext(
                "a fall of %(pp)d point by itself",
                "a fall of %(pp)d points by itself",
                abs(expected),
            )
            if expected < 0
            else voice.ngettext(
                "a rise of %(pp)d point by itself", "a rise of %(pp)d points by itself", expected
            )
        )
        said = form % {"pp": abs(expected)}
    return f"{head}. {tail.format(expected=said)}"


def chance_in(voice: Voice, p: int | None) -> str:
    """A chance in words: 15 per cent is "1 ud af 7 tilfælde", 50 and more is 1 of 2."""
    return voice.gettext("1 out of %(num)d cases") % {"num": max(2, round(100 / max(1, p or 50)))}
