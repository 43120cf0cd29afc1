"""Since last time: what was tried and learned, and what was sent up and answered."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from analysis.findings import TrialFinding, number
from analysis.report.plan import Labelled, LeftOut, Section
from analysis.report.view import PassedOn, TrialText, View
from analysis.wording import numbers, sentences
from analysis.wording.voice import Voice, counted, inside, listed, opened

ENDS = ("stopped", "adjusted", "scaled")  # three equal ends
MANY = 3  # names of units; the others are counted


@dataclass(frozen=True, slots=True)
class Tried:
    """A trial action that has ended: its facts, and one sentence or more where there are numbers.

    Its state is learned whatever the decision, which stands behind: stopping is a good end too.
    """

    name: str
    state: str
    fields: tuple[Labelled, ...]
    said: tuple[str, ...]


def since_last(view: View) -> Section | LeftOut:
    """Each trial action here that ended in this wave, or that still waits for its decision.

    After them the barriers that were sent up, each with its answer or that none has come.
    """
    voice = view.voice
    kicker = voice.gettext("From last time")
    ended = {
        code: one
        for code, one in view.trials.items()
        if one.ended == view.release.wave or one.overdue
    }
    measured: dict[str, list[TrialFinding]] = {code: [] for code in ended}
    for one in view.release.trials:
        if view.near.intersection(one.units):
            measured.setdefault(one.trial, []).append(one)
    if not measured and not view.passed_on:
        return LeftOut(kicker, voice.gettext("no trial action has ended here since last time"))
    known = {code: ended.get(code) or view.facts.trials.get(code) for code in measured}
    every = _for_every(voice, list(measured.values()))
    trials = tuple(
        _tried(view, known[code], found, said_above=every) for code, found in measured.items()
    )
    sent = tuple(_sent(voice, one) for one in view.passed_on)
    return Section(
        "since_last",
        kicker,
        _headline(view, list(known.values())) if trials else _headline_sent(voice, len(sent)),
        _lead(voice, every)
        if trials
        else voice.gettext("What could not be solved here has gone to those who can."),
        (*trials, *sent),
    )


def _for_every(voice: Voice, measured: list[list[TrialFinding]]) -> str:
    """That high numbers tend to fall by themselves, where several trials have numbers.

    Then it stands once above them all, else beside the only one.
    """
    found = [one for several in measured for one in several]
    if len(found) < 2:
        return ""
    return sentences.parted(sentences.trial(voice, found[0])[-1])[0]


def _lead(voice: Voice, for_every: str) -> str:
    ends = voice.gettext(
        "Stop, adjust, scale or decide on a practice shift. All of them are good ends."
    )
    return f"{ends} {for_every}".strip()


def _headline_sent(voice: Voice, many: int) -> str:
    form = voice.ngettext(
        "%(num)s barrier has been sent up", "%(num)s barriers have been sent up", many
    )
    return opened(form % {"num": counted(voice, many)})


def _sent(voice: Voice, one: PassedOn) -> Tried:
    """A card that was sent up. Where no answer has come, it is the group's to give."""
    return Tried(opened(one.ask), voice.gettext("Sent up"), (), (sent_and_answered(voice, one),))


def sent_and_answered(voice: Voice, one: PassedOn) -> str:
    """When it went where, and what came back: an answer, a date, or that none has come."""
    card, week = voice.content("report_language")["escalation_card"], one.sent_on.isocalendar().week
    if one.overdue:
        return voice.pick(card["overdue"]).format(level=one.level, week=week)
    sent = voice.gettext("Passed on to %(level)s in week %(week)d.") % {
        "level": one.level,
        "week": week,
    }
    if not one.answer:
        day = voice.full_date(one.answer_by)
        return f"{sent} {voice.gettext('An answer is due on %(day)s.') % {'day': day}}"
    options = {option["key"]: voice.pick(option) for option in card["answer_options"]}
    head, dots, _ = options[one.answer].partition(" …")
    said = f"{head} {one.answer_text}" if dots else f"{head}. {one.answer_text}"
    answer = voice.gettext("Answer: %(answer)s") % {"answer": said.strip().rstrip(".")}
    return f"{sent} {answer}."


def _headline(view: View, trials: list[TrialText | None]) -> str:
    """How many have ended, and how: "To prøvehandlinger er slut: én udvidet og én justeret"."""
    voice = view.voice
    states = _states(view)
    ends = Counter(one.decision for one in trials if one is not None and one.decision)
    said = [
        voice.gettext("%(num)s %(end)s")
        % {"num": counted(voice, ends[key]), "end": inside(states[key])}
        for key in ENDS
        if ends[key]
    ]
    if (rest := len(trials) - ends.total()) > 0 and said:
        said.append(voice.gettext("%(num)s without a decision") % {"num": counted(voice, rest)})
    if len(trials) == 1:
        [one] = trials
        if one is None or not said:
            return voice.gettext("One trial action has taught us something")
        return voice.gettext("%(trial)s: %(end)s") % {
            "trial": opened(one.name),
            "end": inside(states[one.decision]),
        }
    many = opened(counted(voice, len(trials)))
    if not said:
        return voice.gettext("%(num)s trial actions have taught us something") % {"num": many}
    return voice.gettext("%(num)s trial actions have ended: %(ends)s") % {
        "num": many,
        "ends": listed(voice, said),
    }


def _states(view: View) -> Mapping[str, str]:
    entries = view.voice.content("report_language")["trial_states"]
    return {one["key"]: view.voice.pick(one) for one in entries}


def _tried(
    view: View, text: TrialText | None, measured: list[TrialFinding], *, said_above: str
) -> Tried:
    voice = view.voice
    first = next(iter(measured), None)
    on = "" if first is None else looked_at(voice, first)
    where = text.units if text and text.units else first.units if first else ()
    fields = [
        (voice.gettext("Where"), _where(view, where)),
        (voice.gettext("How long"), _weeks(view, text)),
        (
            voice.gettext("Looked at"),
            voice.gettext("%(what)s, from %(pre)s to %(post)s")
            % {"what": on, "pre": first.pre, "post": first.post}
            if first
            else "",
        ),
        (voice.gettext("We wanted to know"), text.question if text else ""),
        (voice.gettext("What we learned"), text.learned if text else ""),
    ]
    said = [sentence for one in measured for sentence in told(voice, one)]
    if said_above:
        said = [rest for one in said if (rest := one.removeprefix(said_above).strip())]
    if text is not None and text.overdue:
        said.append(voice.pick(voice.content("report_language")["overdue_text"]))
    return Tried(
        opened(text.name) if text else on,
        _state(view, text),
        tuple(Labelled(label, value) for label, value in fields if value),
        tuple(dict.fromkeys(said)),
    )


def _where(view: View, units: tuple[str, ...]) -> str:
    """The units of this report that took part, then the others; of many only how many more."""
    ordered = sorted(units, key=lambda code: code not in view.here)
    shown = 1 if view.code in units and not view.is_area else MANY
    names = [view.name_of(code) for code in ordered[:shown]]
    if others := len(ordered) - len(names):
        form = view.voice.ngettext("%(num)d other unit", "%(num)d other units", others)
        names.append(form % {"num": others})
    return listed(view.voice, names)


def _weeks(view: View, text: TrialText | None) -> str:
    if text is None or text.weeks is None:
        return ""
    return view.voice.ngettext("%(num)d week", "%(num)d weeks", text.weeks) % {"num": text.weeks}


def _state(view: View, text: TrialText | None) -> str:
    """Learned, what was decided, and how far it has come to be the way things are done."""
    states = _states(view)
    told = [states["learned"]]
    if text is not None:
        told.append(states.get(text.decision) or view.voice.gettext("Not decided yet"))
        told.append(states.get(text.practice, ""))
    return " · ".join(one for one in told if one)


def looked_at(voice: Voice, finding: TrialFinding) -> str:
    """What a trial was measured on: a barrier, or how often it succeeds."""
    if finding.item is None:
        return voice.gettext("How often it succeeds")
    return sentences.name(voice, finding.item)


def told(voice: Voice, finding: TrialFinding) -> list[str]:
    """What the release can say of it with numbers, and how many have noticed that it helps."""
    said = sentences.trial(voice, finding)
    if finding.noticed is not None:
        noticed = numbers.share(voice, number(finding.noticed))
        if noticed.kind not in ("hidden", "open"):
            text = voice.gettext("%(share)s say that it helps.")
            said.insert(0, text % {"share": opened(noticed.whole)})
    return said
