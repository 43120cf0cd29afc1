"""What a respondent reads when there is no questionnaire to show: the sentence of each state."""

from datetime import date, timedelta

from survey import texts
from survey.answers import FormInvalid
from survey.errors import N_, Broken, Busy, KernepulsError, NotFoundHere
from survey.house import Organisation
from survey.intake.refusals import (
    AnswerMalformed,
    AnswerNotStored,
    AnswerTooLarge,
    BallotRefused,
    CodeUnknown,
    CodeUsed,
    NotOpenYet,
    PageOld,
    WaveClosed,
)
from survey.pages.answering.posting import FormTooLarge, FormUnreadable, TooManyTries
from survey.texts import Voice

# Sentences of content/messages.yaml; the other refusals say their own.
FROM_CONTENT = (
    *(CodeUnknown, CodeUsed, NotOpenYet, WaveClosed, PageOld, AnswerNotStored),
    TooManyTries,
)
DOES_NOT_WORK = N_(
    "The pulse does not work right now. It is our fault, not yours. Try again in a while, "
    "or write to %(contact)s."
)
ENDED = N_(
    "The pulse ended on %(date)s. Nothing has been sent. The next pulse comes in week %(week)d."
)
HEADINGS: tuple[tuple[type[KernepulsError], str], ...] = (
    (CodeUsed, N_("The code is used")),
    (NotOpenYet, N_("The pulse has not begun")),
    (WaveClosed, N_("The pulse is over")),
    (TooManyTries, N_("Wait a little")),
    (FormTooLarge, N_("It is too long")),
    (Busy, N_("The server is busy")),
    (Broken, N_("It does not work right now")),
)
OTHER_HEADING = N_("The page cannot be used")
WAITING_TITLE = N_("No connection")
WAITING = N_(
    "What you have answered is still on this device. Leave the page open: it goes on by itself "
    "when there is a connection again."
)
# What a respondent may be told that stands in no template and not in content/messages.yaml.
SAID = (
    *(text for _, text in HEADINGS),
    *(OTHER_HEADING, DOES_NOT_WORK, ENDED, WAITING_TITLE, WAITING, "HR"),
    *(
        kind.sentence
        for kind in (
            *(Busy, NotFoundHere, NotOpenYet, FormTooLarge, FormUnreadable, FormInvalid),
            *(AnswerMalformed, AnswerTooLarge, BallotRefused),
        )
    ),
)


def contact(own: Organisation, voice: Voice) -> str:
    """Who to write to; HR where the organisation has not said how."""
    said = own.said("contact", voice.language)
    return voice.apart(said) if said else voice.gettext("HR")


def heading(error: KernepulsError, voice: Voice) -> str:
    found = next((text for kind, text in HEADINGS if isinstance(error, kind)), OTHER_HEADING)
    return voice.gettext(found)


def sentence(
    error: KernepulsError, own: Organisation, voice: Voice, *, had_answers: bool = False
) -> str:
    """What happened, what became of the answer, what to do; `had_answers`: they came with it."""
    if isinstance(error, Busy):
        return voice.gettext(Busy.sentence)
    if isinstance(error, WaveClosed) and not had_answers:
        return voice.gettext(ENDED) % _closed(error, own, voice)
    if isinstance(error, NotOpenYet) and error.facts.get("date") is None:
        return texts.told(error, voice)
    if isinstance(error, FROM_CONTENT):
        fields = {"contact": contact(own, voice), **_dates(error, own, voice)}
        said = voice.content("messages")["errors"]["survey"][error.text]
        return voice.pick(said).format(**fields)
    if isinstance(error, Broken):
        return voice.gettext(DOES_NOT_WORK) % {"contact": contact(own, voice)}
    return texts.told(error, voice)


def _dates(error: KernepulsError, own: Organisation, voice: Voice) -> dict[str, object]:
    if isinstance(error, WaveClosed):
        return _closed(error, own, voice)
    day = error.facts.get("date")
    return {"date": voice.day(day)} if isinstance(day, date) else {}


def _closed(error: WaveClosed, own: Organisation, voice: Voice) -> dict[str, object]:
    """The last day, and the week of the next pulse: as planned, else one rhythm later."""
    last, planned = error.facts["date"], error.facts.get("next")
    if not isinstance(last, date):
        raise TypeError("a wave that has closed has a last day")
    opened = last - timedelta(days=own.open_days - 1)
    coming = planned if isinstance(planned, date) else opened + timedelta(weeks=own.rhythm_weeks)
    return {"date": voice.day(last), "week": voice.week(coming)}
