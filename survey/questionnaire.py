"""The default pulse as shipped: its items, scales and conditions; knows no page and no answer."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

import msgspec
from msgspec import Struct

from survey.texts import Pack, content

BARRIERS = ("SILO", "OKO", "TID", "KOMP", "VID", "FAG", "KULT", "REGL", "MAAL", "FEJL")
COLUMNS = {code: f"b_{code.lower()}" for code in BARRIERS}  # SILO -> b_silo
# Block -> the items it asks. A wave may leave a block out, whole, and reword none. The others stay:
# what the numbers rest on, and the citizen, whom all are asked about last.
BLOCKS: Mapping[str, tuple[str, ...]] = {
    "clarity": ("clarity",),
    "stall": ("stall", "stall_how"),
    "resolver": ("resolver",),
    "safe": ("safe_a", "safe_b", "safe_c"),
    "comment": ("comment",),
}


class Text(Struct, frozen=True):
    """Danish and English side by side, and the language of the pack that a form is told in."""

    da: str
    en: str
    own: str | None = None

    def said(self, language: str) -> str:
        return self.en if language == "en" else self.own or self.da


class Option(Text, frozen=True, kw_only=True):
    key: str
    exclusive: bool = False


class Item(Text, frozen=True, kw_only=True):
    """One question. `options` are those of its scale or its own, and then the extra ones."""

    id: str
    type: Literal["notice", "single", "multi", "one_line_at_a_time", "text"]
    step: int
    asked_of: str = "A"
    required: bool = False
    show_if: str | None = None
    scale: str | None = None
    own_options: tuple[Option, ...] = msgspec.field(name="options", default=())
    extra_options: tuple[Option, ...] = ()
    max_length: int | None = None
    hint: Text | None = None
    help_label: Text | None = None
    help: Text | None = None
    line_counter: Text | None = None

    @property
    def in_situation_only(self) -> bool:
        return self.asked_of == "S"

    @property
    def options(self) -> tuple[Option, ...]:
        return (*self.own_options, *self.extra_options)

    @property
    def condition(self) -> str | None:
        """The name of what this item depends on, as the page's script knows it."""
        if self.show_if:
            return CONDITIONS[self.show_if]
        return "in_situation" if self.in_situation_only else None


class Form(Struct, frozen=True):
    """The questionnaire of `content/questionnaire.yaml`, with the lines of `barriers.yaml`."""

    version: int
    name: Text
    minutes: int
    steps: int
    pinned_card: dict[str, dict[str, str]]
    scales: dict[str, tuple[Option, ...]]
    items: tuple[Item, ...]
    buttons: dict[str, Text]
    too_many: Text
    auto_advance_notice: Text
    skip_to_last: Text
    progress: Text

    def item(self, id_: str) -> Item:
        return next(item for item in self.items if item.id == id_)

    def asks(self, id_: str) -> bool:
        return any(item.id == id_ for item in self.items)


# What `show_if` says -> the name of the condition, which the page's script knows too.
CONDITIONS: Mapping[str, str] = {
    "situation in (several, once)": "in_situation",
    "at least one barrier answer in (1, 2)": "a_barrier",
    "at least two barrier answers in (1, 2)": "two_barriers",
    "any of SILO, OKO, VID, FAG, REGL answered 1 or 2": "shared_barrier",
    "stall names another part or outside": "stalls_elsewhere",
    "the unit has had a trial since the last wave": "trial",
}


@lru_cache(maxsize=64)
def form_without(left_out: frozenset[str], *, trial: bool, pack: Pack | None = None) -> Form:
    """The questionnaire of a wave that leaves blocks out, in a unit that has had a trial or not.

    Its steps are counted anew.
    """
    gone = {item for block in left_out for item in BLOCKS[block]}
    if not trial:
        gone.add("noticed")
    whole = form(pack)
    items = [item for item in whole.items if item.id not in gone]
    steps = {step: place for place, step in enumerate(sorted({item.step for item in items}), 1)}
    return msgspec.structs.replace(
        whole,
        items=tuple(msgspec.structs.replace(item, step=steps[item.step]) for item in items),
        steps=len(steps),
    )


def blocks_of(stored: str | None) -> frozenset[str]:
    """The blocks that `Wave.left_out` names."""
    return frozenset(BLOCKS).intersection((stored or "").split(";"))


@lru_cache(maxsize=64)
def form(pack: Pack | None = None) -> Form:
    """The shipped questionnaire, with the texts of a pack where one is given.

    A condition that the code does not know is an error here.
    """
    loaded = msgspec.convert(
        pack.content["questionnaire"] if pack else content("questionnaire"), Form
    )
    unknown = {item.show_if for item in loaded.items if item.show_if} - CONDITIONS.keys()
    if unknown:
        raise ValueError(f"questionnaire.yaml has conditions nobody has written: {unknown}")
    items = tuple(
        msgspec.structs.replace(item, own_options=loaded.scales[item.scale]) if item.scale else item
        for item in loaded.items
    )
    return msgspec.structs.replace(loaded, items=items)


@lru_cache(maxsize=64)
def barrier_lines(pack: Pack | None = None) -> Mapping[str, Text]:
    """Barrier code -> the line an employee reads."""
    barriers = pack.content["barriers"] if pack else content("barriers")
    lines = {line["code"]: line["survey_line"] for line in barriers["barriers"]}
    return {code: msgspec.convert(lines[code], Text) for code in BARRIERS}
