"""The word lists of `content/linter.yaml`, ready to look words up in. Decides nothing."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final

from survey.texts import content

LONG_ENOUGH: Final = 5  # letters, from which a health word is looked for inside compounds


@dataclass(frozen=True)
class Lists:
    """Sets for whole words, tuples for endings, patterns for the rest; all in small letters."""

    given: dict[str, Sequence[str]]

    def _set(self, name: str) -> frozenset[str]:
        return frozenset(word.lower() for word in self.given[name])

    def _endings(self, name: str) -> tuple[str, ...]:
        return tuple(word.lower() for word in self.given[name])

    @cached_property
    def observable(self) -> frozenset[str]:
        return self._set("observable_verbs") | self._set("other_verbs")

    @cached_property
    def observable_infinitives(self) -> frozenset[str]:
        return frozenset(infinitive(verb) for verb in self.observable)

    @cached_property
    def vague(self) -> frozenset[str]:
        return self._set("vague_verbs")

    @cached_property
    def vague_infinitives(self) -> frozenset[str]:
        return frozenset(map(infinitive, self.vague))

    @cached_property
    def vague_passives(self) -> frozenset[str]:
        return frozenset(f"{one}s" for one in self.vague_infinitives)

    @cached_property
    def vague_participles(self) -> frozenset[str]:
        return frozenset(f"{one.removesuffix('e')}et" for one in self.vague_infinitives)

    @cached_property
    def passives(self) -> frozenset[str]:
        """The s-passive of every verb that is known: skriver -> skrives."""
        return frozenset(f"{infinitive(verb)}s" for verb in self.observable | self.vague)

    @cached_property
    def inner(self) -> frozenset[str]:
        return self._set("inner_verbs")

    @cached_property
    def inner_infinitives(self) -> frozenset[str]:
        return frozenset(map(infinitive, self.inner))

    @cached_property
    def verbs(self) -> frozenset[str]:
        """Every verb in the present tense that is known at all."""
        known = self.observable | self.inner | self.vague
        return known | self.copulas | self._set("plain_verbs")

    @cached_property
    def states(self) -> frozenset[str]:
        return self._set("state_verbs")

    @cached_property
    def seen_states(self) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(rf"\b{one}") for one in self.given["seen_states"])

    @cached_property
    def roles(self) -> frozenset[str]:
        return self._set("roles")

    @cached_property
    def role_words(self) -> re.Pattern[str]:
        """A word that ends as a role does, in the forms one or many, a or the."""
        heads = "|".join(map(re.escape, self.given["role_suffixes"]))
        compounds = "|".join(map(re.escape, self.given["role_compounds"]))
        endings = "|".join(map(re.escape, self.given["role_endings"]))
        return re.compile(rf"[\w'\-]*(?P<head>{heads}|[\w\-]{{2,}}(?:{compounds}))(?:{endings})?")

    @cached_property
    def role_verbs(self) -> frozenset[str]:
        return self._set("role_verbs")

    @cached_property
    def agent_endings(self) -> tuple[str, ...]:
        return self._endings("agent_suffixes")

    @cached_property
    def nobody(self) -> frozenset[str]:
        return self._set("nobody")

    @cached_property
    def not_roles(self) -> frozenset[str]:
        return self._set("not_roles")

    @cached_property
    def not_role_endings(self) -> tuple[str, ...]:
        return self._endings("not_role_suffixes")

    @cached_property
    def leader_words(self) -> frozenset[str]:
        return self._set("leader_words")

    @cached_property
    def leader_endings(self) -> tuple[str, ...]:
        return self._endings("leader_suffixes")

    @cached_property
    def not_leader_endings(self) -> tuple[str, ...]:
        return self._endings("leader_suffix_exceptions")

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(self.given["given_names"])

    @cached_property
    def doubtful_names(self) -> frozenset[str]:
        return frozenset(self.given["given_names_doubtful"])

    @cached_property
    def prepositions(self) -> frozenset[str]:
        return self._set("prepositions")

    @cached_property
    def not_governing(self) -> frozenset[str]:
        return self._set("not_governing")

    @cached_property
    def determiners(self) -> frozenset[str]:
        return self._set("determiners")

    @cached_property
    def pronouns(self) -> frozenset[str]:
        return self._set("pronouns")

    @cached_property
    def adverbials(self) -> frozenset[str]:
        return self._set("adverbial_starts")

    @cached_property
    def copulas(self) -> frozenset[str]:
        return self._set("copulas")

    @cached_property
    def modals(self) -> frozenset[str]:
        return self._set("modals")

    @cached_property
    def infinitive_markers(self) -> frozenset[str]:
        return self._set("infinitive_markers")

    @cached_property
    def adjective_endings(self) -> tuple[str, ...]:
        return self._endings("adjective_suffixes")

    @cached_property
    def conjunctions(self) -> frozenset[str]:
        return self._set("conjunctions")

    @cached_property
    def whoever(self) -> re.Pattern[str]:
        return phrases(self.given["whoever"])

    @cached_property
    def inner_subordinators(self) -> frozenset[str]:
        return self._set("inner_subordinators")

    @cached_property
    def situation(self) -> re.Pattern[str]:
        return phrases(self.given["subordinators"])

    @cached_property
    def purpose(self) -> re.Pattern[str]:
        return phrases(self.given["purpose_starts"])

    @cached_property
    def time(self) -> re.Pattern[str]:
        places = {
            "{number}": any_of(self.given["numbers"]),
            "{unit}": any_of(self.given["time_units"]),
            "{event}": rf"\w*(?:{'|'.join(self.given['events'])})(?:t|et|n|en|r|er|s|ne|rne|erne)?",
        }
        patterns = list(self.given["time"])
        for place, words in places.items():
            patterns = [pattern.replace(place, words) for pattern in patterns]
        return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)")

    @cached_property
    def not_time(self) -> re.Pattern[str]:
        return phrases(self.given["time_not"])

    @cached_property
    def vague_phrases(self) -> re.Pattern[str]:
        return phrases(self.given["vague_phrases"])

    @cached_property
    def vague_patterns(self) -> tuple[re.Pattern[str], ...]:
        return tuple(map(re.compile, self.given["vague_patterns"]))

    @cached_property
    def bans(self) -> re.Pattern[str]:
        return phrases(self.given["bans"])

    @cached_property
    def negations(self) -> frozenset[str]:
        return self._set("negations")

    @cached_property
    def instead(self) -> re.Pattern[str]:
        return phrases(self.given["instead"])

    @cached_property
    def results(self) -> frozenset[str]:
        return self._set("results")

    @cached_property
    def abstract(self) -> frozenset[str]:
        return self._set("abstract_words")

    @cached_property
    def abstract_endings(self) -> tuple[str, ...]:
        return self._endings("abstract_suffixes")

    @cached_property
    def attitudes(self) -> frozenset[str]:
        return self._set("attitudes")

    @cached_property
    def attitude_endings(self) -> tuple[str, ...]:
        return self._endings("attitude_suffixes")

    @cached_property
    def not_attitudes(self) -> frozenset[str]:
        return self._set("attitude_exceptions")

    @cached_property
    def passive_endings(self) -> tuple[str, ...]:
        return self._endings("passive_suffixes")

    @cached_property
    def deponent(self) -> frozenset[str]:
        return self._set("deponent")

    @cached_property
    def titles(self) -> frozenset[str]:
        return self._set("titles")

    @cached_property
    def definite_role(self) -> re.Pattern[str]:
        """One certain person by her role: "talehørelæreren", not "lærere" and not "lærerne"."""
        heads = "|".join(map(re.escape, self.given["role_suffixes"]))
        endings = "|".join(map(re.escape, self.given["definite_endings"]))
        return re.compile(rf"[\w\-]*(?:{heads})(?:{endings})")

    @cached_property
    def health(self) -> frozenset[str]:
        return self._set("health_words")

    @cached_property
    def long_health(self) -> tuple[str, ...]:
        """Health words found inside compounds too: "brystkræft", "angstanfald"."""
        return tuple(sorted(one for one in self.health if len(one) >= LONG_ENOUGH))

    @cached_property
    def english(self) -> frozenset[str]:
        return self._set("english_words")

    @cached_property
    def danish(self) -> frozenset[str]:
        return self._set("danish_words")


@cache
def shipped() -> Lists:
    """The lists that ship with the program."""
    given: dict[str, Any] = content("linter")["lists"]
    return Lists({name: one for name, one in given.items() if isinstance(one, list)})


def infinitive(verb: str) -> str:
    """Skriver -> skrive, går -> gå, synliggør -> synliggøre; so for every verb of the lists."""
    return f"{verb}e" if verb.endswith("gør") else verb.removesuffix("r")


def any_of(words: Iterable[str]) -> str:
    """One group of alternatives, the longest first so that no shorter one hides it."""
    return f"(?:{'|'.join(map(re.escape, sorted(words, key=len, reverse=True)))})"


def phrases(words: Sequence[str]) -> re.Pattern[str]:
    """Any of the phrases as whole words, the longest first; a comma in the text may be missing."""
    return re.compile(rf"(?<!\w){any_of(words)}(?!\w)")
