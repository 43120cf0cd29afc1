"""The release of a wave: count, decide what is shown, attack it, compare, propose, seal.

Same input, same bytes: nothing depends on the order of the rows, and ties go by code.
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import TypedDict, Unpack

import numpy as np
import polars as pl

from analysis.findings import (
    Release,
    ReleasedBehaviour,
    ReleasedUnit,
    Settings,
    sealed,
)
from analysis.frames import (
    FileUnreadable,
    Scopes,
    Tree,
    WaveUnknown,
    checked_answers,
    checked_behaviours,
    checked_trials,
    conformed,
    scopes_of,
    tree_of,
)
from analysis.release.beside import begun
from analysis.release.cells import attacked, in_order, shown_of
from analysis.release.changes import Against, top_of, with_changes, with_since_first
from analysis.release.counts import IN_S, Wave, counted, invited_of
from analysis.release.crossings import Crossed, crossed_of
from analysis.release.impact import associated, impact_of, parts_of
from analysis.release.levels import drawn_from, levels_of, said_everywhere, teams_of
from analysis.release.noticed import noticed_of
from analysis.release.past import Past
from analysis.release.proposals import TrialKind, patterns_in, proposals_of
from analysis.release.quality import careful_units, quality_of
from analysis.release.seams import pairs_of
from analysis.release.trials import Trial, trials_in, trials_of

DEFAULTS = Settings()


class Others(TypedDict, total=False):
    """What every wave of a series shares."""

    invited: pl.DataFrame | None
    trials: pl.DataFrame | None
    catalogue: Sequence[TrialKind]
    settings: Settings
    beside: Executor | None


def releases(
    answers: pl.DataFrame,
    units: pl.DataFrame,
    behaviours: pl.DataFrame,
    *,
    wave: str | None = None,
    earlier: Sequence[Release] = (),
    **others: Unpack[Others],
) -> tuple[Release, ...]:
    """The releases of all waves up to `wave` (default: the last) that `earlier` does not hold.

    Each in time order on its own tree, each compared with those before it. Random draws are made
    by `beside`, where there is an executor, while the rest goes on: the releases are the same.
    Raises `WaveUnknown`.
    """
    waves = waves_of(answers)
    if not waves:
        raise FileUnreadable("ANSWERS", why="empty")
    last = wave or waves[-1]
    if last not in waves:
        raise WaveUnknown("ANSWERS", wave=last, waves=waves)
    done = list(earlier)
    made = []
    for each in waves:
        if each <= last and (each == last or all(each != old.wave for old in done)):
            made.append(release(answers, units, behaviours, wave=each, earlier=done, **others))
            done.append(made[-1])
    return tuple(made)


def waves_of(answers: pl.DataFrame) -> tuple[str, ...]:
    """The waves that answers belong to, in time order."""
    return tuple(sorted(answers["wave"].unique().to_list()))


def release(  # noqa: PLR0913 - the five tables and what is decided about them
    answers: pl.DataFrame | pl.LazyFrame,
    units: pl.DataFrame,
    behaviours: pl.DataFrame,
    *,
    wave: str,
    invited: pl.DataFrame | None = None,
    trials: pl.DataFrame | None = None,
    earlier: Sequence[Release] = (),
    catalogue: Sequence[TrialKind] = (),
    settings: Settings = DEFAULTS,
    beside: Executor | None = None,
) -> Release:
    """Everything that may ever be seen of one wave, sealed.

    `answers` hold one row per response in the columns of ANSWERS; rows of other waves are not
    read, and without any the release hides everything. Earlier values come from `earlier` and are
    never recomputed. Raises an `InputRefused` for a table that breaks its contract and `Leak` when
    the attacker finds an answer.
    """
    people = conformed(answers.lazy().filter(pl.col("wave") == wave).collect(), "ANSWERS")
    units = conformed(units, "UNITS")
    tree = tree_of(units, wave)
    known = frozenset(units["unit"].to_list())
    behaviours = checked_behaviours(conformed(behaviours, "BEHAVIOURS"), units=known)
    asked = frozenset(behaviours["behaviour"].to_list())
    checked_answers(people, units=frozenset(tree.codes), behaviours=asked)
    if trials is not None:
        trials = checked_trials(conformed(trials, "TRIALS"), units=known, behaviours=asked)
    scopes = scopes_of(behaviours, tree, people["behaviour"].unique().to_list(), wave)
    of_wave = counted(people, tree, scopes, own_invited=invited_of(invited, tree, scopes, wave))
    before = sorted((old for old in earlier if old.wave < wave), key=lambda old: old.wave)
    pasts = [Past(of_wave, old, invited, wave) for old in before]
    ended = [] if trials is None else trials_in(trials, of_wave, wave)
    crossed = crossed_of(people, invited, of_wave, name=wave, minimum=settings.min_cross)
    return _published(
        people, of_wave, pasts, crossed=crossed, wave=wave, trials=ended, settings=settings,
        catalogue=catalogue, beside=beside,
    )  # fmt: skip


def _published(  # noqa: PLR0913 - everything that decides the bytes
    people: pl.DataFrame,
    of_wave: Wave,
    pasts: Sequence[Past],
    *,
    crossed: Crossed | None,
    wave: str,
    trials: Sequence[Trial],
    settings: Settings,
    catalogue: Sequence[TrialKind],
    beside: Executor | None,
) -> Release:
    tree, scopes = of_wave.tree, of_wave.scopes
    teams = teams_of(of_wave, settings.min_n)
    drawn = begun(beside, drawn_from, teams, wave)
    made = begun(beside, associated, parts_of(people, tree), wave)
    previous = pasts[-1] if pasts else None
    shown = shown_of(of_wave, settings, previous.release if previous else None, crossed)
    record = begun(beside, attacked, shown.targets, settings.min_n, dropped=shown.dropped)
    quality = quality_of(of_wave, shown.patterns["A"], previous, settings.min_n)
    careful = careful_units(of_wave, quality)
    rows = with_changes(shown.rows, Against(previous, careful), settings.q_change)
    first = Against(pasts[0] if pasts else None, careful)
    rows = with_since_first(rows, tree, first, settings.q_change)
    earlier = tuple(past.release.wave for past in pasts)
    cells = in_order(rows) + noticed_of(people, of_wave, trials, settings, told=earlier)
    pairs = pairs_of(people.filter(IN_S), tree, shown.patterns["S"], settings.q_change)
    patterns = patterns_in(tree, rows, pairs)
    levels = levels_of(of_wave, patterns, teams, drawn())
    return sealed(
        Release(
            wave=wave,
            earlier=earlier,
            settings=settings,
            units=_units(of_wave, previous),
            behaviours=_behaviours(scopes, tree),
            cells=(*cells, *shown.crossed),
            levels=levels,
            pairs=pairs,
            trials=trials_of(trials, cells, of_wave, pasts, wave=wave),
            impact=impact_of(made(), in_order(top_of(rows, tree))),
            proposals=proposals_of(said_everywhere(patterns, levels), catalogue),
            quality=quality,
            pattern_sha256=shown.pattern_sha256,
            audit=record(),
        )
    )


def _units(of_wave: Wave, previous: Past | None) -> tuple[ReleasedUnit, ...]:
    tree = of_wave.tree
    return tuple(
        ReleasedUnit(
            code,
            tree.codes[tree.parent[u]] if u else None,
            tree.names[u],
            int(tree.depth[u]),
            previous.origin[u][0] if previous else "same",
        )
        for u, code in enumerate(tree.codes)
    )


def _behaviours(scopes: Scopes, tree: Tree) -> tuple[ReleasedBehaviour, ...]:
    """The behaviours of the wave with the leaves that are asked about each."""
    return tuple(
        ReleasedBehaviour(
            code,
            text,
            tuple(tree.codes[u] for u in np.flatnonzero(tree.is_leaf & (scopes.own == b))),
        )
        for b, (code, text) in enumerate(zip(scopes.behaviours, scopes.texts, strict=True))
    )
