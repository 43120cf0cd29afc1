"""The way from a trial action or a card back to the meeting it came from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from survey import insight
from survey.actor import Actor
from survey.settings import Settings


@dataclass(frozen=True, slots=True)
class Meeting:
    """The meeting of a unit on the newest wave: its last slide to write on."""

    address: str
    unit: str


def meetings(
    settings: Settings, actor: Actor, units: Iterable[str], named: Mapping[str, str]
) -> tuple[Meeting, ...]:
    """Of each of these units the meeting its reader may hold; none before a wave is released."""
    waves = insight.waves_with_release(settings)
    mine = [code for code in units if actor.may_read_below(code)] if waves else []
    if not mine:
        return ()
    release = insight.stored_release(settings, waves[-1])
    return tuple(
        Meeting(f"/waves/{release.wave}/units/{code}/meeting#write", named.get(code, code))
        for code in mine
        if release.unit(code) is not None
    )
