"""How a text is set on paper: where a line may be broken, and where it must not.

It changes only what is between words or inside a long one; never a word, a number or a tag.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

NO_BREAK: Final = "\u00a0"
SOFT: Final = "\u00ad"
TAG: Final = re.compile(r"(<[^>]*>)")
NAME: Final = re.compile(r"</?!?(\w*)")
DIGIT: Final = re.compile(r"\d")
# What is quoted, between two plain signs as a template writes them; not "the citizen's".
QUOTED: Final = re.compile(r"(?<!\w)&#(39|34);([^&<>]+)&#\1;(?!\w)")
# What is one thing to a reader: "25 %", "5 ud af 10", "kl. 9", "uge 23", "side 4", "16. november".
TOGETHER: Final = re.compile(
    r"\b\d+ %"
    r"|\b\d+(?:–\d+)? (?:gange |times )?(?:ud af|af|out of|of|in) \d+"
    r"|\b(?:kl\.|uge|side|nr\.|puls|metode|week|page|pulse|wave|method) \d"
    r"|\b\d+\.? (?:januar|februar|marts|april|maj|juni|juli|august|september|oktober|november"
    r"|december|January|February|March|April|May|June|July|August|September|October|November"
    r"|December)\b"
    r"|\b\d+ (?:uger?|måneder|minutter|procentpoint|weeks?|months|minutes|points?)\b",
    re.IGNORECASE,
)
PROSE: Final = frozenset(("p", "li", "td"))  # what may be broken inside a word
# But not the head and the foot of a page, which name a unit, and what a link is called by.
RUNNING: Final = ('class="running"', 'class="foot"', 'class="kicker"')
UNTOUCHED: Final = "svg"  # a line of a drawing is never broken
SHORTEST_TOGETHER, SHORTEST_BROKEN = len("5 %"), 12  # letters


def typeset(html: str, words: Sequence[str], quotes: str = "‘’“”") -> str:
    """A page whose numbers stay with their words, and whose long words break where they may.

    `words` are beginnings of words with a hyphen at each place, `quotes` the two signs round what
    stands between apostrophes and the two round what stands between quotation marks.
    """
    signs = {"39": quotes[:2], "34": quotes[2:]}
    html = QUOTED.sub(lambda found: found[2].join(signs[found[1]]), html)
    breaks = _breaks(tuple(words))
    pieces, is_prose, is_drawing = TAG.split(html), False, False  # every second one is a tag
    for at, piece in enumerate(pieces):
        if at % 2:
            name = NAME.match(piece)[1]  # type: ignore[index] # a tag has a name
            if name == UNTOUCHED:
                is_drawing = piece[1] != "/"
            elif name in PROSE:
                is_prose = piece[1] != "/" and not any(one in piece for one in RUNNING)
        elif not is_drawing and len(piece) >= SHORTEST_TOGETHER:
            text = TOGETHER.sub(_together, piece) if DIGIT.search(piece) else piece
            is_broken = is_prose and len(text) >= SHORTEST_BROKEN
            pieces[at] = breaks.broken(text) if is_broken else text
    return "".join(pieces)


def _together(found: re.Match[str]) -> str:
    return found[0].replace(" ", NO_BREAK)


class _Breaks:
    """The places of one list of words, found in a text whatever the case of its letters."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self.parts = {one.replace("-", ""): one.split("-") for one in words}
        known = "|".join(sorted(map(re.escape, self.parts), key=len, reverse=True))
        self.pattern = re.compile(rf"\b(?:{known})" if known else r"(?!)", re.IGNORECASE)

    def broken(self, text: str) -> str:
        return self.pattern.sub(self._one, text)

    def _one(self, found: re.Match[str]) -> str:
        word, ends = found[0], []
        at = 0
        for part in self.parts[word.lower()]:
            ends.append(word[at : at + len(part)])
            at += len(part)
        return SOFT.join(ends)


@lru_cache(maxsize=4)
def _breaks(words: tuple[str, ...]) -> _Breaks:
    return _Breaks(words)
