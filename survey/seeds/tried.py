"""What Fjordlund's teams have written themselves: trial actions, and two cards sent up.

Nothing here has a wave after it yet, so no release and no planted number knows of it.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from survey.actions.sent_up import Letter, answer, send_up
from survey.actions.trials import Said, move_trial, write_trial
from survey.actions.trials_card import Card
from survey.organisation import tree
from survey.settings import Settings

WEEK: Final = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Written:
    """A card, the states it went through, and its days before today: begun, stopped."""

    card: Card
    steps: tuple[str, ...] = ()
    began: int = 0
    stopped: int = 0
    learned: str = ""


WRITTEN: Final = (
    Written(
        Card(
            name="navnet på den, der kommer",
            owners=("B23",),
            barrier="VID",
            learning_question="Bliver forældrene roligere ved afleveringen?",
        )
    ),
    Written(
        Card(
            name="fælles morgenrunde",
            owners=("C21", "C3"),
            barrier="FAG",
            scope="Hver mandag kl. 8.15 ringer de to teams sammen i ti minutter.",
            target_group="borgere, som begge teams besøger",
            learning_question="Ved alle, hvem der gør hvad hos borgeren?",
            citizen_gain="Borgeren skal kun fortælle det én gang.",
            stop_doing="Den lange mail hver mandag.",
            owner_role="teamkoordinator",
            backing="Det er i orden, at første besøg begynder ti minutter senere.",
        ),
        steps=("agreed",),
        began=-7,
        stopped=-49,
    ),
    Written(
        Card(
            name="ti minutter uden opkald",
            owners=("C21",),
            barrier="TID",
            scope="De sidste ti minutter af vagten går telefonen til kontoret.",
            target_group="aftenvagten",
            learning_question="Kommer ændringerne i journalen, før vagten slutter?",
            citizen_gain="Natvagten ved, hvad der er ændret.",
            stop_doing="At ringe hinanden op om det, der står i journalen.",
            owner_role="planlægger",
        ),
        steps=("agreed", "running"),
        began=4,
        stopped=-24,
    ),
    Written(
        Card(
            name="ét fælles første brev",
            owners=("E12", "D1"),
            barrier="SILO",
            scope="De to enheder skriver det første brev til borgeren sammen.",
            target_group="nye sager",
            learning_question="Ringer færre borgere for at spørge, hvad der nu skal ske?",
            citizen_gain="Ét brev i stedet for to.",
            stop_doing="Det gamle brev om første samtale.",
            owner_role="faglig koordinator",
        ),
        steps=("agreed", "running", "learned"),
        began=42,
        stopped=5,
        learned="Borgerne ringede sjældnere. Brevet tog længere tid at skrive de første gange.",
    ),
    Written(
        Card(
            name="åben dør hver onsdag",
            owners=("D31",),
            barrier="FEJL",
            scope="Onsdag kl. 13-14 sidder to kolleger klar til at tænke med.",
            target_group="alle i teamet",
            learning_question="Kommer folk med det, der er svært?",
            citizen_gain="Svære sager bliver ikke liggende.",
            owner_role="faglig koordinator",
        ),
        steps=("agreed", "running"),
        began=140,
        stopped=91,
    ),
)


async def write(settings: Settings, *, today: date, closed: date) -> None:
    """Write them as the teams would have, on the days it happened; `closed`: the last wave's."""
    for number, one in enumerate(WRITTEN):
        await _tried(settings, one, f"{number:016x}", today)
    await _sent_up(today=today, closed=closed)


async def _tried(settings: Settings, one: Written, once: str, today: date) -> None:
    first, last = (today - timedelta(days=days) for days in (one.began, one.stopped))
    card = replace(one.card, starts=first, ends=last, stop_date=last) if one.steps else one.card
    begun = min(first, today)
    code = await write_trial(card, by=None, once=once, today=begun - WEEK)
    for version, step in enumerate(one.steps, start=1):
        day = {"agreed": begun - WEEK, "running": begun}.get(step, today)
        said = Said(learned=one.learned)
        await move_trial(settings, code, step, said=said, by=None, version=version, today=day)


async def _sent_up(*, today: date, closed: date) -> None:
    """One that the executive board has answered, and one that still waits."""
    units = await tree(None)
    targets = Letter(
        senders=("E12",),
        level="board",
        barrier="MAAL",
        experience="Vi bliver målt på antal samtaler. Det fælles næste skridt bliver valgt fra.",
        citizen="Borgeren møder to planer, der ikke passer sammen.",
        tried="Vi har haft borgerens tal på tavlen. Det flyttede ikke noget.",
        ask="Lad målet for antal samtaler hvile i tre måneder.",
        answer_by=closed - WEEK,
    )
    sent = closed - 5 * WEEK
    code = await send_up(targets, units, by=None, once="e" * 16, today=sent)
    await answer(
        code,
        "no_because",
        "målet er aftalt for hele året. Vi tager det med, når målene for næste år bliver sat.",
        by=None,
        version=1,
        today=closed - 2 * WEEK,
    )
    plans = Letter(
        senders=("C21", "C3"),
        level="managers",
        barrier="FAG",
        experience="De to teams lægger vagtplaner hver for sig.",
        citizen="Borgeren får besøg af begge samme formiddag og af ingen om eftermiddagen.",
        tried="Vi ringer sammen hver mandag. Planerne kan vi ikke selv ændre.",
        ask="Lad de to teams lægge vagtplan i samme uge.",
        answer_by=today + 3 * WEEK,
    )
    await send_up(plans, units, by=None, once="c" * 16, today=today - WEEK)
