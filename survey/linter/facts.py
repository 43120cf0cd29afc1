"""What the rules ask of a sentence: who acts, what can be seen, what is vague. No verdicts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from survey.linter.grammar import Grammar, Words
from survey.linter.lists import Lists
from survey.linter.reading import Clause, Part, Sentence, Word

AFTER_COPULA: Final = 5  # words among which an attitude may stand: "er altid meget åben"


@dataclass(frozen=True)
class Facts:
    """One sentence and the lists it is held against; each fact is worked out once."""

    sentence: Sentence
    lists: Lists

    @cached_property
    def grammar(self) -> Grammar:
        return Grammar(self.lists)

    @cached_property
    def main(self) -> tuple[Clause, ...]:
        return tuple(one for one in self.sentence.clauses if one.part is Part.MAIN)

    @cached_property
    def subject(self) -> tuple[Word, ...]:
        """The words that say who acts, as far as the order of words tells; else nothing."""
        return self.grammar.subject(self.main[0]) if self.main else ()

    @cached_property
    def actor(self) -> str | None:
        """The role that acts. One that is only called, asked or written to is no actor."""
        grammar = self.grammar
        if self.subject and self.subject[0].text in self.lists.nobody:
            return None
        ways = [_those(grammar.is_role, self.subject), self._whoever()]
        if self.passive:
            ways.append(self._in_main(grammar.is_agent))
        if grammar.is_pronoun(self.subject):
            ways.append(self._in(grammar.is_free_role, self.sentence.clauses))
        elif not grammar.is_nobody(self.subject):
            ways.append(_those(grammar.looks_like_agent, self.subject))
            ways.append(self._in_main(grammar.is_free_role))
        return next((found for way in ways for found in way), None)

    @cached_property
    def leader(self) -> str | None:
        """A leader who acts."""
        return next(_those(self.grammar.is_leader, self.subject), None)

    @cached_property
    def name(self) -> str | None:
        """A given name as it was written, with a capital letter."""
        words = tuple(self.sentence.words)
        places = (at for at in range(len(words)) if self.grammar.is_name(words, at))
        return next((words[at].written for at in places), None)

    @cached_property
    def actions(self) -> tuple[str, ...]:
        """What one could see or hear in the main clauses: "ringer", "skal ringe"."""
        return tuple(self._in_main(self.grammar.is_action))

    @cached_property
    def inner(self) -> str | None:
        """A verb for what goes on inside a person."""
        return next(self._in_main(self.grammar.is_inner), None)

    @cached_property
    def vague(self) -> str | None:
        """The first vague phrase or word.

        Situation and purpose are read only where nothing observable is said beside them: "ringer
        inden to dage, så borgeren får styrket sit netværk" is an action.
        """
        parts = (Part.MAIN,) if self.actions else tuple(Part)
        said = self.sentence.said(*parts).replace(" , ", " ")
        patterns = (*self.lists.vague_patterns, self.lists.vague_phrases)
        found = [match for one in patterns if (match := one.search(said))]
        if found:
            return min(found, key=lambda match: match.start()).group()
        clauses = [one for one in self.sentence.clauses if one.part in parts]
        return next(self._in(self.grammar.is_vague, clauses), None)

    @cached_property
    def attitude(self) -> str | None:
        """What somebody is or should be, in the main clauses."""
        for clause in self.main:
            for at, word in enumerate(clause.words):
                if word.text in self.lists.copulas:
                    after = clause.words[at + 1 : at + 1 + AFTER_COPULA]
                    if found := next(_those(self.grammar.is_attitude, after), None):
                        return found
        return None

    @cached_property
    def state(self) -> str | None:
        """Being or having as all there is to see, unless somebody could see where or with what."""
        said = self.sentence.said(Part.MAIN)
        if self.actions or any(one.search(said) for one in self.lists.seen_states):
            return None
        verbs = {*self._in_main(self.grammar.is_known_verb)} - self.lists.modals
        states = list(self._in_main(self.grammar.is_state))
        return states[0] if states and verbs <= self.lists.states else None

    @cached_property
    def passive(self) -> tuple[str, ...]:
        """The s-passives of the main clauses."""
        return tuple(self._in_main(self.grammar.is_passive))

    @cached_property
    def impersonal(self) -> str | None:
        """'der' + s-passive: "der afholdes møde", "inden en uge afholdes der møde"."""
        for clause in self.main:
            for at, word in enumerate(clause.words):
                if word.text == "der":
                    near = clause.words[max(0, at - 1) : at + 4]
                    if found := next(_those(self.grammar.is_passive, near), None):
                        return found
        return None

    @cached_property
    def is_english(self) -> bool:
        """Whether the text is in English, which the lists know nothing of."""
        texts = [word.text for word in self.sentence.words]
        english = sum(text in self.lists.english for text in texts)
        danish = sum(text in self.lists.danish for text in texts)
        return english >= 2 and english > 2 * danish and not set("æøå") & set("".join(texts))

    def _whoever(self) -> Iterator[str]:
        """Whoever the situation falls to: "Den, der tager telefonen, skriver"."""
        words = list(self.sentence.words)
        said = " ".join(word.text for word in words[:2])
        if self.main and self.main[0].words[0] is words[0] and self.lists.whoever.match(said):
            yield words[0].text

    def _in_main(self, is_so: Callable[[Words, int], bool]) -> Iterator[str]:
        return self._in(is_so, self.main)

    def _in(self, is_so: Callable[[Words, int], bool], clauses: Sequence[Clause]) -> Iterator[str]:
        return (found for clause in clauses for found in _those(is_so, clause.words))


def _those(is_so: Callable[[Words, int], bool], words: Words) -> Iterator[str]:
    """The words that are so where they stand."""
    return (word.text for at, word in enumerate(words) if is_so(words, at))
