"""Who can solve it: what the pattern, the differences and the staff say, never merged."""

from dataclasses import dataclass
from typing import Final

from analysis import charts
from analysis.findings import Hidden, Number, Proposal
from analysis.report.leading import Leading, leading
from analysis.report.plan import Labelled, LeftOut, Section
from analysis.report.sections.voices import item
from analysis.report.view import View
from analysis.wording import headlines, numbers, sentences
from analysis.wording.voice import between, inside, listed

LEVELS: Final = ("unit", "two_units", "managers", "board", "council_law")


@dataclass(frozen=True, slots=True)
class Voices:
    """What the pattern, the spread and the staff say of one finding: side by side, never merged.

    The spread is silent where the release holds no verdict on it. `removal` is where the catalogue
    says it can be removed, and when.
    """

    finding: str
    voices: tuple[Labelled, ...]
    removal: tuple[Labelled, ...]


@dataclass(frozen=True, slots=True)
class Who:
    question: str
    scale: str
    chart: charts.Staircase
    voices: tuple["Voices", ...]
    legend: tuple[tuple[str, str], ...]
    has_pattern: bool


def who(view: View) -> Section | LeftOut:
    """What people say beside what the pattern says, as wide as "cannot be decided"."""
    voice = view.voice
    kicker = voice.gettext("Who can solve it?")
    shares = tuple((key, view.number("resolver_share", key)) for key in LEVELS)
    first = next(iter(view.patterns), None)
    if first is None and all(isinstance(one, Hidden) for _, one in shares):
        return LeftOut(kicker, voice.gettext("not shown, so that nobody can be recognised"))
    staff, pattern = leading(shares), None if first is None else first.address
    steps = tuple(
        (sentences.address_name(voice, key), _step(view, one), key in staff.items, key == pattern)
        for key, one in shares
    )
    return Section(
        "who",
        kicker,
        _who_headline(view, staff, pattern),
        _who_lead(view, staff),
        Who(
            voice.pick(item(view, "resolver")),
            _who_scale(view, has_pattern=first is not None),
            charts.staircase(steps, alt=_stairs_alt(view, steps)),
            tuple(_voices(view, one, staff) for one in view.patterns) or _without_pattern(view),
            _legend(view, staff, pattern),
            has_pattern=first is not None,
        ),
    )


def _who_headline(view: View, staff: Leading, pattern: str | None) -> str:
    said, also, *_ = (*staff.items, None, None)
    return headlines.resolver_headline(view.voice, said, pattern, or_=also)


def _who_lead(view: View, staff: Leading) -> str:
    voice = view.voice
    frame = voice.gettext(
        "The decision belongs where the frame is set. Not everything can be solved "
        "by the unit itself."
    )
    if not staff.items or staff.is_certain:
        return frame
    if len(staff.items) > 1:
        return f"{voice.gettext('The difference between the two may be chance.')} {frame}"
    return f"{voice.gettext('The difference to the next ones may be chance.')} {frame}"


def _who_scale(view: View, *, has_pattern: bool) -> str:
    voice = view.voice
    text = (
        voice.gettext("%(unit)s. What you say stands on the step, beside what the pattern shows.")
        if has_pattern
        else voice.gettext("%(unit)s. What you say stands on the step.")
    )
    return text % {"unit": view.name}


def _legend(view: View, staff: Leading, pattern: str | None) -> tuple[tuple[str, str], ...]:
    """What the marks of the staircase mean; only those that are drawn."""
    voice = view.voice
    marks = (
        ("●", voice.gettext("more of you point here than to any other"), bool(staff.items)),
        ("◆", voice.gettext("the pattern points here"), pattern is not None),
    )
    return tuple((mark, text) for mark, text, is_drawn in marks if is_drawn)


def _step(view: View, number: Number) -> str:
    return "–" if isinstance(number, Hidden) else numbers.short(view.voice, number)


def _stairs_alt(view: View, steps: tuple[tuple[str, str, bool, bool], ...]) -> str:
    voice = view.voice
    said = "; ".join(f"{name}: {share}" for name, share, _, _ in steps)
    pattern = next((name for name, _, _, found in steps if found), voice.gettext("no step"))
    return voice.gettext(
        "A staircase of five steps. What people say: %(said)s. The pattern points to: %(pattern)s."
    ) % {"said": said, "pattern": inside(pattern)}


def _voices(view: View, one: Proposal, staff: Leading) -> Voices:
    voice = view.voice
    pattern = [address_said(view, one)]
    if one.also:
        names = [inside(sentences.address_name(voice, key)) for key in one.also]
        pattern.append(sentences.level_text(voice, "also", level=listed(voice, names)))
    place = "" if one.unit == view.code else f" · {view.name_of(one.unit)}"
    told = (
        (voice.gettext("The pattern says"), " ".join(pattern)),
        (voice.gettext("The differences say"), spread_said(view, one.barrier)),
        (voice.gettext("You say"), _staff(view, one, staff)),
    )
    return Voices(
        f"{sentences.name(voice, one.barrier)}{place}",
        tuple(Labelled(who_, text) for who_, text in told if text),
        removal(view, one.barrier),
    )


def removal(view: View, barrier: str) -> tuple[Labelled, ...]:
    voice = view.voice
    return tuple(
        Labelled(sentences.address_name(voice, entry["level"]), entry[f"when_{voice.language}"])
        for entry in sentences.barrier(voice, barrier)["removed_by"]
    )


def _without_pattern(view: View) -> tuple[Voices, ...]:
    """Who can remove what more people point to than to any other, as the catalogue has it."""
    return tuple(
        Voices(sentences.name(view.voice, code), (), removal(view, code))
        for code in leading(view.barriers).items
    )


def _staff(view: View, one: Proposal, staff: Leading) -> str:
    """Who the staff point to, and what to do where that differs from the pattern."""
    voice = view.voice
    if not staff.items:
        return voice.gettext("Your answers point in several directions.")
    names = [inside(sentences.address_name(voice, key)) for key in staff.items]
    if one.address == "unit" and one.address not in staff.items:
        return sentences.level_text(voice, "disagree", resolver=headlines.either(voice, names))
    return headlines.pointed(voice, names, is_certain=True)


def address_said(view: View, one: Proposal) -> str:
    a, b = view.marked_below(one.unit, one.barrier)
    key = one.address if one.address != "managers" or a else "managers_default"
    if key == "managers_default":
        return view.voice.gettext("It is for the managers' group to set the frame.")
    text = sentences.level_text(view.voice, key, a=a, b=b)
    if key == "two_units" and one.with_:
        ours, *theirs = (view.name_of(code) for code in (one.unit, *one.with_))
        return f"{between(view.voice, ours, listed(view.voice, theirs))}: {text}"
    return text


def spread_said(view: View, barrier: str) -> str:
    """What the variance says of a barrier that stands out; empty without a verdict on it.

    One that is small in the whole may be large in a part: then the whole is named, so that the
    two do not seem to speak against each other.
    """
    voice, found = view.voice, view.level(barrier)
    if found is None:
        return ""
    said = {
        "undecided": sentences.level_text(voice, "undecided"),
        "small": voice.gettext(
            "Taken together it is a small barrier in %(scope)s. Begin where it stands out."
        )
        % {"scope": view.name_of(found.scope)},
        "organisation": voice.gettext("It lies evenly across the whole organisation."),
        "centre": voice.gettext("The difference lies mostly between the centres."),
        "department": voice.gettext("The difference lies mostly between departments."),
        "team": voice.gettext("The difference lies mostly between the single units."),
    }[found.verdict]
    if found.floor is None:
        return said
    floor = sentences.level_text(voice, "floor", floor=found.floor)
    return f"{said} {floor.replace(f'{found.floor} %', voice.percent(found.floor))}"
