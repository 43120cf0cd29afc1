"""The JSON Schema of `release.json`: made from the structs, with what each key means.

It is published with its version in `$id`; a key without a description is an error, so that the
schema can never fall behind the structs.
"""

from typing import Any, Final

import msgspec

from analysis.findings.released import SCHEMA, Release

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
UNIT: Final = "Code of a unit in `units`."
BARRIER: Final = "Code of one of the ten barriers."
FLAGS: Final = "What a reader must know beside it; empty when nothing."
# Keys that are written only where they mean something; every other key always is.
SELDOM: Final = {
    "Cell": ("since_first", "barrier", "trial", "cross"),
    "Part": ("value", "band"),
    "AuditRecord": ("dropped",),
}
DESCRIPTIONS: Final[dict[str, dict[str, str]]] = {
    "Release": {
        "schema": "Name and version of this schema.",
        "method": "Version of the rules the numbers were made by.",
        "wave": "Name of the wave; waves sort in time order.",
        "earlier": "Waves this one was compared with, oldest first.",
        "settings": "The thresholds, frozen with the release.",
        "units": "The tree of the wave, parents before their children.",
        "behaviours": "What was asked about, and whom.",
        "cells": "Every published number, and every hidden one.",
        "levels": "Where each barrier sits.",
        "pairs": "Between which parts work stalls.",
        "trials": "What can be said of each trial action.",
        "impact": "Which barriers go with success, and how surely.",
        "proposals": "What stands out, who can remove it and what to try.",
        "quality": "How far the answers carry.",
        "pattern_sha256": "SHA-256 of which cells are shown.",
        "audit": "What the attacker tried before the release left the process.",
        "sha256": "SHA-256 of the file without this key: sorted keys, no spaces.",
    },
    "Settings": {
        "min_n": "People needed on the base of a number.",
        "min_cross": "People needed in a crossed table, a part or a set of comments.",
        "band_below": "People below which a number is told in words.",
        "q_mark": "False discovery rate of the marks.",
        "q_change": "False discovery rate of the changes.",
    },
    "ReleasedUnit": {
        "unit": "Code of the unit.",
        "parent": "Code of the unit above; null at the root.",
        "name": "Name of the unit in this wave.",
        "depth": "Steps below the root, which is 0.",
        "lineage": "Whether it is the unit of the wave before; merged and split break the trend.",
    },
    "ReleasedBehaviour": {
        "behaviour": "Code of the desired behaviour.",
        "text": "The behaviour as it was asked.",
        "units": "Units without others below that were asked about it.",
    },
    "Cell": {
        "unit": f"{UNIT} Null for a behaviour's whole scope and for a trial.",
        "behaviour": "Code of the behaviour; null where several meet.",
        "measure": "What is measured.",
        "item": "Which of its kinds: a barrier, an answer, a statement; null where it has none.",
        "base": "Who counts: A answered, S were in the situation, Y of them gave a number of "
        "successes, trial answered in the units of a trial.",
        "status": "Shown, or hidden so that nobody can be recognised; unknown is hidden.",
        "N": "People invited.",
        "display": "In per cent, as a band, or open: nothing can be told without giving others' "
        "answers away. Null where hidden.",
        "n": "People on the base, exact from 20 on S and Y; else null.",
        "n_band": "People on the base as a step: 5-7, 8-19, in fives on A.",
        "value": "Per cent on its step; the first of several that were joined.",
        "value_to": "The last of several values that were joined.",
        "low": "Lower end of the interval, per cent.",
        "high": "Upper end of the interval, per cent.",
        "clip": "at_most_V or at_least_V where the value lies at an end; then value is null.",
        "band": "The number in words, below 20 people; the first of several joined.",
        "band_to": "The last of several bands that were joined.",
        "marked": "Whether it stands out from the rest; null where that is not tested.",
        "change": "Against the wave before; null where nothing can be compared.",
        "flags": f"{FLAGS} few, composition, read_with_care, common_shock, polarised.",
        "since_first": "Against the first wave; only at the root and the centres.",
        "barrier": "Only where who can solve it is told among those with that barrier.",
        "trial": "Only on the cell of a trial action.",
        "cross": "Only on a crossed cell: the profession it is of.",
    },
    "Change": {
        "against": "The wave it is held against.",
        "diff": "Difference of the displayed values, percentage points.",
        "low": "Lower end of its interval.",
        "high": "Upper end of its interval.",
        "verdict": "up and down are hardly chance; unclear may be.",
        "bands": "Whether the band is the same, below 20 people.",
        "from": "The band then; null where nothing could be told.",
        "to": "The band now.",
    },
    "Level": {
        "barrier": BARRIER,
        "behaviour": "Code of the behaviour; null over all of them.",
        "scope": "Unit whose part of the tree is looked at.",
        "verdict": "Where it sits by the differences between units; undecided where unsure.",
        "prevalence": "The cell of the scope.",
        "spread_pp": "Spread between the units of each level, percentage points.",
        "support": "How often each level came out largest, per cent in tens.",
        "floor": "Per cent that say so even where it fills least; null where not tellable.",
        "marked_units": "Units that stand out.",
        "of_units": "Units that could.",
        "centres_marked": "Centres that stand out.",
        "address": "Who can remove it by the pattern of marks.",
        "also": "Others the pattern points to.",
        "own_answer": "Who the staff point to.",
        "agree": "Whether the pattern and the staff point to the same.",
        "flags": f"{FLAGS} mixed_behaviours.",
    },
    "OwnAnswer": {"top": "Who is pointed to most.", "share": "The cell that says how many."},
    "Pair": {
        "a": "Code of one part.",
        "b": "Code of the other.",
        "status": "Shown or hidden.",
        "both_sides": "Whether each names the other.",
        "n": "People of both in the situation, exact from 20.",
        "n_band": "The same as a step, below 20.",
        "strength": "Whether half or more of one side name the other.",
        "how": "What happens when it stalls, most named.",
        "directed": "Who names whom; only where the two differ by more than chance.",
    },
    "Directed": {
        "audience": "Who may read it.",
        "a_names_b": "The share of a that names b.",
        "b_names_a": "The share of b that names a.",
    },
    "Part": {"value": "Displayed per cent.", "band": "Band, below 20 people."},
    "TrialFinding": {
        "trial": "Code of the trial action.",
        "measure": "What it was measured on.",
        "item": f"{BARRIER} Null on the level.",
        "units": "Units that tried.",
        "pre": "Last wave before it.",
        "post": "First wave after it.",
        "tried_diff": "Difference where it was tried, percentage points.",
        "others_diff": "Difference in the units it is compared with.",
        "p": "Per cent of all ways to draw who tried that give as large a difference.",
        "p_smallest": "The smallest such per cent that could come out.",
        "randomised": "Whether who tried was drawn by lottery.",
        "expected_drift": "What would move by itself, percentage points.",
        "noticed": "Who noticed that it was tried.",
        "verdict": "What can be said; never that the trial caused it.",
        "flags": f"{FLAGS} not_randomised, no_comparison, few.",
    },
    "Impact": {
        "barrier": BARRIER,
        "scope": UNIT,
        "n": "People behind it.",
        "prevalence": "Displayed per cent of the barrier in the scope.",
        "association_pp": "How much less often it succeeds with the barrier, points; no cause.",
        "low": "Lower end of its interval.",
        "high": "Upper end of its interval.",
        "rank": "Between which ranks it lies among the ten.",
    },
    "Proposal": {
        "unit": UNIT,
        "barrier": BARRIER,
        "address": "Who can remove it: the first level that holds.",
        "also": "The other levels that hold.",
        "with": "The units to agree with, where two own it together.",
        "kind": "Kind of trial action in the catalogue; null without one.",
        "why": "What it rests on.",
        "risk": "What a trial must not touch.",
    },
    "Quality": {
        "unit": UNIT,
        "kind": "What the note is about.",
        "step": "Response in steps.",
        "fell_pp": "How much the response fell at least, percentage points.",
        "flags": f"{FLAGS} read_with_care, low_response.",
    },
    "AuditRecord": {
        "A1": "No group of one to four people can be derived.",
        "A2_small_cells": "Small groups whose possible counts were worked out.",
        "A2_narrow": "How many of them were too narrow; a release with any never leaves.",
        "A3": "The same for a reader who knows one answer.",
        "pairs_2_metric": "Groups that two who know their answers could open; told, not refused.",
        "dropped": "The cuts that were left out whole, since the attacker found a way in.",
    },
}


def release_schema() -> dict[str, Any]:
    """JSON Schema of `release.json`: every key described, and required where it is always there."""
    made = msgspec.json.schema(Release)
    for name, shape in made["$defs"].items():
        shape["description"] = " ".join(shape["description"].split())
        for key, one in shape["properties"].items():
            one["description"] = DESCRIPTIONS[name][key]
            one.pop("default", None)
        optional = SELDOM.get(name, ())
        shape["required"] = sorted(key for key in shape["properties"] if key not in optional)
    return {"$schema": DRAFT, "$id": SCHEMA, "title": SCHEMA, **made}
