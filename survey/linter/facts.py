"""What the rules ask of a sentence: who acts, which verbs, what is vague. No verdicts here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from survey.linter.lists import Lists
from survey.linter.reading import Clause, Part, Sentence, Word

REACH: Final = 4  # words between "skal" and its infinitive
SHORTEST_STEM: Final = 4  # letters before the ending of an unknown s-passive


@dataclass(frozen=True)
class Facts:
    """One sentence and the lists it is held against; each fact is worked out once."""

    sentence: Sentence
    lists: Lists

    @cached_property
    def main(self) -> tuple[Clause, ...]:
        return tuple(one for one in self.sentence.clauses if one.part is Part.MAIN)

    @cached_property
    def subject(self) -> tuple[Word, ...]:
        """The words that say who acts, as far as the order of words tells; else nothing."""
        return self._subject_of(self.main[0]) if self.main else ()

    @cached_property
    def actor(self) -> str | None:
        """The role that acts. One that is only called, asked or written to is no actor."""
        subject = self.subject
        found = [word.text for at, word in enumerate(subject) if self._is_role(subject, at)]
        if not found and self._is_whoever():
            found = [subject[0].text]
        found = found or list(self._agents_of_passive())
        if found or self._is_nobody(subject):
            return found[0] if found else None
        if subject and subject[0].text in self.lists.pronouns:
            return next(self._free_roles(self.sentence.clauses), None)
        agents = (word.text for word in subject if self._ends_as_agent(word.text))
        return next(agents, next(self._free_roles(self.main), None))

    @cached_property
    def leader(self) -> str | None:
        """A leader who acts."""
        for at, word in enumerate(self.subject):
            is_leader = word.text in self.lists.leader_words or (
                word.text.endswith(self.lists.leader_endings)
                and not word.text.endswith(self.lists.not_leader_endings)
            )
            # "Visitator leder mødet": the verb, after the one who does it.
            if is_leader and not (at and self._is_role(self.subject, at - 1)):
                return word.text
        return None

    @cached_property
    def name(self) -> str | None:
        """A given name, with a capital letter."""
        words = tuple(self.sentence.words)
        return next(
            (word.written for at, word in enumerate(words) if self._is_name(words, at)), None
        )

    @cached_property
    def finite(self) -> tuple[str, ...]:
        """The observable verbs in the present tense of the main clauses, as they stand."""
        return tuple(
            word.text
            for clause in self.main
            for at, word in enumerate(clause.words)
            if word.text in self.lists.observable and self._is_verb(clause.words, at)
        )

    @cached_property
    def actions(self) -> tuple[str, ...]:
        """What one could see or hear in the main clauses: "ringer", "skal ringe"."""
        infinitives = (
            word.text
            for clause in self.main
            for at, word in enumerate(clause.words)
            if word.text in self.lists.observable_infinitives
            and self._is_infinitive(clause.words, at)
        )
        return (*self.finite, *infinitives)

    @property
    def is_observable(self) -> bool:
        return bool(self.actions)

    @cached_property
    def inner(self) -> str | None:
        """A verb for what goes on inside a person."""
        return next(
            (
                word.text
                for clause in self.main
                for at, word in enumerate(clause.words)
                if (word.text in self.lists.inner and self._is_verb(clause.words, at))
                or (
                    word.text in self.lists.inner_infinitives
                    and self._is_infinitive(clause.words, at)
                )
            ),
            None,
        )

    @cached_property
    def vague(self) -> str | None:
        """The first vague word or phrase.

        Situation and purpose are read only where nothing observable is said beside them: "ringer
        inden to dage, så borgeren får styrket sit netværk" is an action.
        """
        parts = (Part.MAIN,) if self.is_observable else tuple(Part)
        said = self.sentence.said(*parts).replace(" , ", " ")
        found = [match for one in self.lists.vague_patterns if (match := one.search(said))]
        if phrase := self.lists.vague_phrases.search(said):
            found.append(phrase)
        if found:
            return min(found, key=lambda match: match.start()).group()
        return next(
            (
                word.text
                for clause in self.sentence.clauses
                if clause.part in parts
                for at, word in enumerate(clause.words)
                if self._is_vague(clause.words, at)
            ),
            None,
        )

    @cached_property
    def attitude(self) -> str | None:
        """What somebody is or should be, in the main clauses."""
        for clause in self.main:
            texts = [word.text for word in clause.words]
            for at, text in enumerate(texts):
                if text in self.lists.copulas:
                    found = next(filter(self._is_attitude, texts[at + 1 : at + 6]), None)
                    if found:
                        return found
        return None

    @cached_property
    def passive(self) -> tuple[str, ...]:
        """The s-passives of the main clauses."""
        return tuple(
            word.text
            for clause in self.main
            for word in clause.words
            if self._is_passive(word.text)
        )

    @cached_property
    def impersonal(self) -> str | None:
        """'der' + s-passive: "der afholdes møde", "inden en uge afholdes der møde"."""
        for clause in self.main:
            texts = [word.text for word in clause.words]
            for at, text in enumerate(texts):
                near = texts[max(0, at - 1) : at] + texts[at + 1 : at + 4]
                if text == "der" and (found := next(filter(self._is_passive, near), None)):
                    return found
        return None

    @cached_property
    def state(self) -> str | None:
        """Being or having as all there is to see, unless somebody could see where or with what."""
        said = self.sentence.said(Part.MAIN)
        if self.is_observable or any(one.search(said) for one in self.lists.seen_states):
            return None
        verbs = [
            word.text
            for clause in self.main
            for at, word in enumerate(clause.words)
            if word.text in self.lists.states
            or (word.text in self.lists.verbs and self._is_verb(clause.words, at))
        ]
        told = [verb for verb in verbs if verb not in self.lists.modals]
        return told[0] if told and set(told) <= self.lists.states else None

    @cached_property
    def is_english(self) -> bool:
        """Whether the text is in English, which the lists know nothing of."""
        texts = [word.text for word in self.sentence.words]
        english = sum(text in self.lists.english for text in texts)
        danish = sum(text in self.lists.danish for text in texts)
        return english >= 2 and english > 2 * danish and not set("æøå") & set("".join(texts))

    def _subject_of(self, clause: Clause) -> tuple[Word, ...]:
        words = clause.words
        at = self._verb_at(words)
        if at is None:
            return _phrase(words, self.lists)
        before, after = words[:at], words[at + 1 :]
        if not before:
            return _phrase(after[:5], self.lists)
        if before[0].text in self.lists.adverbials and not any(
            self._is_role(before, place) and not self._is_governed(before, place)
            for place in range(len(before))
        ):
            return _phrase(after[:5], self.lists)
        return _phrase(before, self.lists)

    def _verb_at(self, words: Sequence[Word]) -> int | None:
        known = (
            at
            for at, word in enumerate(words)
            if (word.text in self.lists.verbs or word.text in self.lists.copulas)
            and self._is_verb(words, at)
        )
        guessed = (
            at
            for at, word in enumerate(words)
            if at and word.text == word.written and word.text.endswith(("er", "år", "ør"))
            and not self._is_role(words, at) and self._is_verb(words, at)
        )  # fmt: skip
        passive = (at for at, word in enumerate(words) if at and self._is_passive(word.text))
        return next(known, next(guessed, next(passive, None)))

    def _is_verb(self, words: Sequence[Word], at: int) -> bool:
        """Whether a word that may be a noun ("tre aftaler", "til møder") stands as a verb."""
        if at == 0:
            return True
        before = words[at - 1].text
        if before.isdigit() or before in self.lists.determiners - self.lists.pronouns:
            return False
        return before not in self.lists.prepositions

    def _is_role(self, words: Sequence[Word], at: int) -> bool:
        text = words[at].text
        before = words[at - 1].text if at else ""
        if text in self.lists.not_roles or f"{before} {text}" in self.lists.not_roles:
            return False
        if text in self.lists.roles:
            return True
        found = self.lists.role_words.fullmatch(text)
        if not found or self._is_other(text, longer_than=len(text) - found.start("head")):
            return False
        if text in self.lists.role_verbs or text in self.lists.verbs:
            return self._stands_as_noun(words, at)
        return True

    def _stands_as_noun(self, words: Sequence[Word], at: int) -> bool:
        """A role that is a verb too, "hjælper": after "en", or first before a verb."""
        if at:
            before = words[at - 1].text
            return before in self.lists.determiners or before.endswith(self.lists.adjective_endings)
        return len(words) > 1 and words[1].text in self.lists.verbs

    def _is_other(self, text: str, *, longer_than: int = 0) -> bool:
        """Citizens, groups and things whose names end as roles do."""
        return any(
            text.endswith(ending) and len(ending) > longer_than
            for ending in self.lists.not_role_endings
        )

    def _is_whoever(self) -> bool:
        """Whoever the situation falls to: "Den, der tager telefonen, skriver"."""
        if not self.main:
            return False
        said = " ".join(word.text for word in self.sentence.words)
        opens = self.main[0].words[0]
        return opens is next(self.sentence.words) and bool(self.lists.whoever.match(said))

    def _is_name(self, words: Sequence[Word], at: int) -> bool:
        """One that is a word too ("Bo", "Hans") needs a verb after it where a sentence opens."""
        word = words[at]
        forms = {word.written, word.written.removesuffix("s").removesuffix("'")}
        is_word_too = bool(forms & self.lists.doubtful_names) or word.text in self.lists.determiners
        if not forms & (self.lists.names | self.lists.doubtful_names):
            return False
        if not (word.first and is_word_too):
            return True
        return at + 1 < len(words) and (
            words[at + 1].text in self.lists.verbs or words[at + 1].text == "fra"
        )

    def _is_nobody(self, subject: Sequence[Word]) -> bool:
        texts = [word.text for word in subject]
        return any(
            " ".join(texts[:size]) in self.lists.not_roles for size in (1, 2) if texts
        ) or any(
            text.endswith(self.lists.not_role_endings) or text in self.lists.not_roles
            for text in texts
        )

    def _is_governed(self, words: Sequence[Word], at: int) -> bool:
        """Whether a preposition governs the word: "til sagsbehandleren". "af" names who acts."""
        place = at - 1
        while place >= 0 and at - place <= 3:
            text = words[place].text
            if text in self.lists.prepositions and text not in self.lists.not_governing:
                return True
            if text in self.lists.verbs:
                return False
            place -= 1
        return False

    def _free_roles(self, clauses: Sequence[Clause]) -> Iterator[str]:
        for clause in clauses:
            for at, word in enumerate(clause.words):
                if self._is_role(clause.words, at) and not self._is_governed(clause.words, at):
                    yield word.text

    def _agents_of_passive(self) -> Iterator[str]:
        for clause in self.main if self.passive else ():
            for at, word in enumerate(clause.words):
                near = [one.text for one in clause.words[max(0, at - 2) : at]]
                if "af" in near and self._is_role(clause.words, at):
                    yield word.text

    def _ends_as_agent(self, text: str) -> bool:
        return text.endswith(self.lists.agent_endings) and not self._is_other(text)

    def _is_infinitive(self, words: Sequence[Word], at: int) -> bool:
        return any(
            word.text in self.lists.infinitive_markers for word in words[max(0, at - 4) : at]
        )

    def _is_vague(self, words: Sequence[Word], at: int) -> bool:
        text = words[at].text
        if text in self.lists.vague or text in self.lists.vague_passives:
            return self._is_verb(words, at)
        if text in self.lists.vague_infinitives:
            return self._is_infinitive(words, at)
        if text in self.lists.vague_participles:
            return any(word.text in self.lists.copulas for word in words[max(0, at - 3) : at])
        return False

    def _is_attitude(self, text: str) -> bool:
        return text not in self.lists.not_attitudes and (
            text in self.lists.attitudes
            or text.removesuffix("t") in self.lists.attitudes  # "optræder professionelt"
            or text.endswith(self.lists.attitude_endings)
        )

    def _is_passive(self, text: str) -> bool:
        if text in self.lists.deponent:
            return False
        return text in self.lists.passives or any(
            text.endswith(ending) and len(text) - len(ending) >= SHORTEST_STEM
            for ending in self.lists.passive_endings
        )


def _phrase(words: Sequence[Word], lists: Lists) -> tuple[Word, ...]:
    """The words before the first preposition."""
    for at, word in enumerate(words):
        if at and word.text in lists.prepositions and word.text != "af":
            return tuple(words[:at])
    return () if words and words[0].text in lists.prepositions else tuple(words)
