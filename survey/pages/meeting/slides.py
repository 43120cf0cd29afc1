"""The slides of a meeting: frozen values in the order of the 45 minutes, one message each.

Every sentence about answers is one of the action report; what is asked of those around the table
is said here. A unit whose numbers are hidden meets too: it talks from questions in their place.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from survey.errors import N_
from survey.insight import Hidden, Number, Told, inside, numbers, opened, sentences, shade
from survey.pages.results.values import Then
from survey.pages.results.views import then
from survey.texts import Voice

MOST_TRIALS: Final = 3  # told on one slide
PAIRS: Final = 2  # minutes in which people talk two and two
SECTIONS: Final = {  # of the agenda, in its order: the slides of each, the one it leads to first
    "in_short": ("read", "often"),
    "since_last": ("last",),
    "barriers": ("choose", "talk"),
    "who": ("who",),
    "proposals": ("try", "write"),
    "decision": ("stop", "board"),
}
TALK: Final = (  # where there are no numbers to talk from
    N_("When did it last succeed for us, and what made it possible?"),
    N_("What stood in the way the last time it did not succeed?"),
    N_("What can we try ourselves from Monday, and what must we pass on?"),
)


@dataclass(frozen=True, slots=True)
class Slide:
    """One message; `timer` is the minutes its clock begins with."""

    id: str
    title: str
    lead: str = ""
    body: object = None
    questions: tuple[str, ...] = ()
    timer: int = 0


@dataclass(frozen=True, slots=True)
class Tile:
    """A barrier to choose: its share in words and its shade 1-6, 0 where nothing is told."""

    code: str
    name: str
    share: str
    interval: str
    shade: int


@dataclass(frozen=True, slots=True)
class AgendaLine:
    """A part of the meeting; `slide` is the first that belongs to it."""

    minutes: str
    text: str
    slide: str


@dataclass(frozen=True, slots=True)
class Deck:
    """A meeting; the agenda names the slides that are there and no other."""

    slides: tuple[Slide, ...]
    agenda: tuple[AgendaLine, ...]


def deck(told: Told, voice: Voice, *, has_due: bool, chosen: str = "") -> Deck:
    """The slides of a unit's meeting.

    `has_due`: a decision of last time waits to be closed. `chosen`: the barrier that those around
    the table have settled on; the questions and the trials are of it.
    """
    slides = (
        Slide("start", voice.gettext("45 minutes, one decision")),
        *_reading(told, voice, has_due=has_due),
        *_choosing(told, voice, chosen),
        *_deciding(told, voice, chosen),
    )
    return Deck(slides, tuple(_agenda(voice, slides)))


def _agenda(voice: Voice, slides: tuple[Slide, ...]) -> Iterator[AgendaLine]:
    """The lines of the meeting; one whose slides are left out is left out too."""
    places = {slide.id: number for number, slide in enumerate(slides, start=1)}
    lines = voice.content("report_language")["meeting"]["agenda"]
    decisions = iter(SECTIONS["decision"])
    for one in lines:
        wanted = SECTIONS[one["section"]]
        first = next(decisions) if one["section"] == "decision" else wanted[0]
        if first in places:
            page = places.get(wanted[-1] if one["section"] == "barriers" else first)
            text = voice.pick(one).format(page=page)
            yield AgendaLine(f"{one['from']}–{one['to']}", text, first)


# --- read, and close what was decided last ------------------------------------------------------


def _reading(told: Told, voice: Voice, *, has_due: bool) -> Iterator[Slide]:
    short = told.in_short
    yield Slide(
        "read",
        short.headline,
        body=short.body,
        questions=(
            voice.gettext("What do we recognise?"),
            voice.gettext("What surprises us?"),
            voice.gettext("What is missing from the picture?"),
        ),
        timer=5,
    )
    if told.level is not None and not isinstance(told.view.number("behaviour_level"), Hidden):
        yield Slide(
            "often",
            _title(told, told.level.headline, instead=told.level.kicker),
            told.level.lead,
            _waves(told, voice),
            (voice.gettext("Does the picture fit what you see every day?"),),
        )
    if told.since_last is not None or has_due:
        since = told.since_last
        trials = () if since is None or not isinstance(since.body, tuple) else since.body
        yield Slide(
            "last",
            voice.gettext("Close the last decision first")
            if has_due or since is None
            else since.headline,
            "" if since is None else since.lead,
            trials[:MOST_TRIALS],
            (
                voice.gettext("What did we learn?"),
                voice.gettext("Stop, adjust, scale or decide on a practice shift?"),
            ),
            timer=5,
        )


def _waves(told: Told, voice: Voice) -> tuple[Then, ...]:
    view = told.view
    releases = (*view.facts.earlier, view.release)
    return tuple(
        then(voice, one, view.code, this=view.release)
        for one in releases
        if one.unit(view.code) is not None
    )


# --- choose one -----------------------------------------------------------------------------------


def _choosing(told: Told, voice: Voice, chosen: str) -> Iterator[Slide]:
    talk = told.talk(chosen)
    if told.is_hidden:
        names = tuple(Tile(code, sentences.name(voice, code), "", "", 0) for code, _ in told.shares)
        title = voice.gettext("Which of the ten do you recognise?")
        yield Slide("choose", title, body=names, questions=(_choose(voice),))
        if not chosen:
            questions = tuple(voice.gettext(question) for question in TALK)
            talk = replace(talk, about=voice.gettext("Three questions to talk from"))
            talk = replace(talk, questions=questions)
    else:
        tiles = tuple(_tile(voice, code, share) for code, share in told.shares)
        lead = voice.gettext("The share who say that it stands in the way to a great extent.")
        instead = voice.gettext("Which of the ten do you recognise?")
        title = _title(told, told.standing_out, instead=instead)
        yield Slide("choose", title, lead, tiles, (_choose(voice),))
    lead = voice.gettext("Two and two in two minutes. Then one thing from each pair.")
    yield Slide("talk", talk.about, lead, questions=talk.questions, timer=PAIRS)
    if told.who is not None:
        yield Slide(
            "who",
            told.who.headline,
            told.who.lead,
            told.who.body,
            (voice.gettext("Who else must be at the table before we can decide?"),),
            timer=5,
        )


def _title(told: Told, headline: str, *, instead: str) -> str:
    """No two slides are called the same: what is said in short already is not a title again."""
    return instead if headline == told.in_short.headline else headline


def _choose(voice: Voice) -> str:
    return voice.gettext("Choose one of them. Its three questions come next.")


def _tile(voice: Voice, code: str, share: Number) -> Tile:
    said = opened(numbers.short(voice, share))
    interval = numbers.interval_figures(voice, share)
    return Tile(code, sentences.name(voice, code), said, interval, shade(share))


# --- decide ---------------------------------------------------------------------------------------


def _deciding(told: Told, voice: Voice, chosen: str) -> Iterator[Slide]:
    risk = voice.content("report_language")["risk_line"]
    title, lead, cards = told.proposals.headline, told.proposals.lead, told.cards
    if chosen:
        name = {"barrier": inside(sentences.name(voice, chosen))}
        title = voice.gettext("What we can try: %(barrier)s") % name
        lead = voice.gettext("Choose one, or write your own. It is small, and it stops on a date.")
        cards = told.cards_of(chosen)
    yield Slide("try", title, lead, cards, timer=13)
    yield Slide(
        "write",
        voice.gettext("What we decide today"),
        voice.gettext("Write roles, never names. One trial action is enough."),
    )
    yield Slide(
        "stop",
        voice.gettext("What do we stop doing meanwhile?"),
        voice.pick(risk),
        questions=(
            voice.gettext("What comes off the plate of those who try?"),
            voice.gettext("Who covers for them when it gets busy?"),
            voice.gettext("Who says aloud that it is all right to try and to stop?"),
        ),
        timer=5,
    )
    yield Slide(
        "board",
        voice.gettext("What do we write on the board tomorrow?"),
        voice.gettext("Three lines, also the honest one: what we cannot solve here."),
        timer=2,
    )
