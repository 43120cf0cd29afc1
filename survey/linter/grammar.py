"""How a word stands among the words around it: as verb, as role, as one called. No verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from survey.linter.lists import Lists
from survey.linter.reading import Clause, Word

REACH: Final = 4  # words between "skal" and its infinitive
NEAR: Final = 3  # words between a preposition and the role it governs, or "er" and its participle
AFTER_VERB: Final = 5  # words after the verb among which a subject may stand
SHORTEST_STEM: Final = 4  # letters before the ending of an unknown s-passive
VERB_ENDINGS: Final = ("er", "år", "ør")  # of an unknown verb in the present tense

Words = Sequence[Word]


@dataclass(frozen=True, slots=True)
class Grammar:
    """Guesses from word lists and word order; failing both, a word is what it looks like."""

    lists: Lists

    def is_verb(self, words: Words, at: int) -> bool:
        """Whether a word that may be a noun ("tre aftaler", "til møder") stands as a verb."""
        if at == 0:
            return True
        before = words[at - 1].text
        if before.isdigit() or before in self.lists.determiners - self.lists.pronouns:
            return False
        return before not in self.lists.prepositions

    def is_infinitive(self, words: Words, at: int) -> bool:
        """Whether "at", "skal" or the like stands shortly before."""
        near = words[max(0, at - REACH) : at]
        return any(word.text in self.lists.infinitive_markers for word in near)

    def is_action(self, words: Words, at: int) -> bool:
        text = words[at].text
        if text in self.lists.observable:
            return self.is_verb(words, at)
        return text in self.lists.observable_infinitives and self.is_infinitive(words, at)

    def is_inner(self, words: Words, at: int) -> bool:
        text = words[at].text
        if text in self.lists.inner:
            return self.is_verb(words, at)
        return text in self.lists.inner_infinitives and self.is_infinitive(words, at)

    def is_vague(self, words: Words, at: int) -> bool:
        text = words[at].text
        if text in self.lists.vague or text in self.lists.vague_passives:
            return self.is_verb(words, at)
        if text in self.lists.vague_infinitives:
            return self.is_infinitive(words, at)
        near = words[max(0, at - NEAR) : at]
        return text in self.lists.vague_participles and any(
            word.text in self.lists.copulas for word in near
        )

    def is_state(self, words: Words, at: int) -> bool:
        return words[at].text in self.lists.states

    def is_known_verb(self, words: Words, at: int) -> bool:
        return words[at].text in self.lists.verbs and self.is_verb(words, at)

    def is_passive(self, words: Words, at: int) -> bool:
        text = words[at].text
        if text in self.lists.deponent:
            return False
        return text in self.lists.passives or any(
            text.endswith(ending) and len(text) - len(ending) >= SHORTEST_STEM
            for ending in self.lists.passive_endings
        )

    def is_attitude(self, words: Words, at: int) -> bool:
        text = words[at].text
        return text not in self.lists.not_attitudes and (
            text in self.lists.attitudes
            or text.removesuffix("t") in self.lists.attitudes  # "optræder professionelt"
            or text.endswith(self.lists.attitude_endings)
        )

    def is_name(self, words: Words, at: int) -> bool:
        """One that is a word too ("Bo", "Hans") needs a verb after it where a sentence opens."""
        word = words[at]
        forms = {word.written, word.written.removesuffix("s").removesuffix("'")}
        if not forms & (self.lists.names | self.lists.doubtful_names):
            return False
        is_word_too = bool(forms & self.lists.doubtful_names) or word.text in self.lists.determiners
        if not (word.first and is_word_too):
            return True
        after = words[at + 1].text if at + 1 < len(words) else ""
        return after in self.lists.verbs or after == "fra"

    def is_role(self, words: Words, at: int) -> bool:
        text = words[at].text
        before = words[at - 1].text if at else ""
        if text in self.lists.not_roles or f"{before} {text}" in self.lists.not_roles:
            return False
        if text in self.lists.roles:
            return True
        found = self.lists.role_words.fullmatch(text)
        if not found or self.is_other(text, longer_than=len(text) - found.start("head")):
            return False
        if text in self.lists.role_verbs or text in self.lists.verbs:
            return self._stands_as_noun(words, at)
        return True

    def is_free_role(self, words: Words, at: int) -> bool:
        """A role no preposition governs: not "til sagsbehandleren". "af" names who acts."""
        if not self.is_role(words, at):
            return False
        for word in reversed(words[max(0, at - NEAR) : at]):
            if word.text in self.lists.prepositions - self.lists.not_governing:
                return False
            if word.text in self.lists.verbs:
                break
        return True

    def is_agent(self, words: Words, at: int) -> bool:
        """The role after "af" in a passive: "bliver skrevet af visitator"."""
        near = [word.text for word in words[max(0, at - 2) : at]]
        return "af" in near and self.is_role(words, at)

    def is_leader(self, words: Words, at: int) -> bool:
        text = words[at].text
        if text not in self.lists.leader_words and (
            not text.endswith(self.lists.leader_endings)
            or text.endswith(self.lists.not_leader_endings)
        ):
            return False
        # "Visitator leder mødet": the verb, after the one who does it.
        return not (at and self.is_role(words, at - 1))

    def looks_like_agent(self, words: Words, at: int) -> bool:
        text = words[at].text
        return text.endswith(self.lists.agent_endings) and not self.is_other(text)

    def is_other(self, text: str, *, longer_than: int = 0) -> bool:
        """Citizens, groups and things whose names end as roles do."""
        return any(
            text.endswith(ending) and len(ending) > longer_than
            for ending in self.lists.not_role_endings
        )

    def is_nobody(self, subject: Words) -> bool:
        """Whether the subject is a group, a citizen or "vi": nobody in particular acts."""
        pair = " ".join(word.text for word in subject[:2])
        return pair in self.lists.not_roles or any(
            word.text in self.lists.not_roles or self.is_other(word.text) for word in subject
        )

    def is_pronoun(self, subject: Words) -> bool:
        """Whether whoever was named before acts: "hun", or "den" alone."""
        if not subject or subject[0].text not in self.lists.pronouns:
            return False
        return len(subject) == 1 or subject[0].text not in self.lists.determiners

    def subject(self, clause: Clause) -> tuple[Word, ...]:
        """Before the verb, or after it where something else opens the clause."""
        words = clause.words
        at = self._verb(words)
        if at is None:
            return self._phrase(words)
        opens_otherwise = words[0].text in self.lists.adverbials and not any(
            self.is_free_role(words, place) for place in range(at)
        )
        if at == 0 or opens_otherwise:
            return self._phrase(words[at + 1 : at + 1 + AFTER_VERB])
        return self._phrase(words[:at])

    def _verb(self, words: Words) -> int | None:
        places = range(len(words))
        known = (at for at in places if self.is_known_verb(words, at))
        guessed = (at for at in places[1:] if self._looks_like_verb(words, at))
        passive = (at for at in places[1:] if self.is_passive(words, at))
        return next(known, next(guessed, next(passive, None)))

    def _looks_like_verb(self, words: Words, at: int) -> bool:
        word = words[at]
        return (
            word.text.endswith(VERB_ENDINGS)
            and word.text == word.written
            and not self.is_role(words, at)
            and self.is_verb(words, at)
        )

    def _stands_as_noun(self, words: Words, at: int) -> bool:
        """A role that is a verb too, "hjælper": after "en", or first before a verb."""
        if at:
            before = words[at - 1].text
            return before in self.lists.determiners or before.endswith(self.lists.adjective_endings)
        return len(words) > 1 and words[1].text in self.lists.verbs

    def _phrase(self, words: Words) -> tuple[Word, ...]:
        """The words before the first preposition; none where one opens."""
        closing = self.lists.prepositions - {"af"}  # "en af assistenterne" is one subject
        ends = (at for at, word in enumerate(words) if word.text in closing)
        return tuple(words[: next(ends, len(words))])
