"""The rules of `content/linter.yaml`: each looks at the facts of a sentence. Texts are data."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from survey.linter.facts import Facts
from survey.linter.reading import Part
from survey.texts import content

Found = tuple[bool, str | None]
NOTHING: Final[Found] = (False, None)
MANY_ACTIONS: Final = 4
MANY_BIG_WORDS: Final = 2
LONG_WORD: Final = 7  # letters, from which lix counts a word as long


def no_actor(facts: Facts) -> Found:
    return facts.actor is None and facts.leader is None and facts.name is None, None


def cannot_be_seen(facts: Facts) -> Found:
    is_inside = facts.attitude or facts.inner or facts.state
    return bool(is_inside) and not facts.actions, is_inside


def unknown_verb(facts: Facts) -> Found:
    return not facts.actions and facts.vague is None, None


def vague_words(facts: Facts) -> Found:
    return facts.vague is not None, facts.vague


def no_time(facts: Facts) -> Found:
    left = facts.lists.not_time.sub(" § ", facts.sentence.plain)
    return facts.lists.time.search(left) is None, None


def many_big_words(facts: Facts) -> Found:
    lists = facts.lists
    texts = [word.text for word in facts.sentence.words]
    big = [one for one in texts if one in lists.abstract or one.endswith(lists.abstract_endings)]
    return (True, big[0]) if len(big) >= MANY_BIG_WORDS else NOTHING


def attitude(facts: Facts) -> Found:
    return facts.attitude is not None, facts.attitude


def passive(facts: Facts) -> Found:
    if facts.impersonal:
        return True, facts.impersonal
    if facts.passive and facts.actor is None:
        return True, facts.passive[0]
    return NOTHING


def result(facts: Facts) -> Found:
    if facts.actor is not None:
        return NOTHING
    texts = (word.text for word in facts.sentence.words)
    found = next((text for text in texts if text in facts.lists.results), None)
    return found is not None, found


def only_a_ban(facts: Facts) -> Found:
    """A ban, or a verb with "ikke", and nothing that is done besides."""
    if facts.lists.instead.search(facts.sentence.plain):
        return NOTHING
    ban = facts.lists.bans.search(facts.sentence.said(Part.MAIN))
    banned = set(ban.group().split()) if ban else set()
    negated: list[str] = []
    for clause in facts.main:
        texts = [word.text for word in clause.words]
        for at, text in enumerate(texts):
            if text not in facts.lists.observable or not facts.grammar.is_verb(clause.words, at):
                continue
            if facts.lists.negations & set(texts[at + 1 : at + 3]):
                negated.append(" ".join(texts[at : at + 3]))
            elif text not in banned:
                return NOTHING
    return bool(ban or negated), ban.group() if ban else next(iter(negated), None)


def many_actions(facts: Facts) -> Found:
    return len(facts.actions) >= MANY_ACTIONS, None


def a_person(facts: Facts) -> Found:
    match = facts.name or facts.leader
    return match is not None, match


def too_long(facts: Facts) -> Found:
    limits = _limits()
    words = [word.text for word in facts.sentence.words]
    if len(words) > limits["words"]:
        return True, None
    return len(words) >= limits["lix_from_words"] and _lix(facts) >= limits["lix"], None


def _limits() -> dict[str, int]:
    limits: dict[str, int] = next(
        rule["limits"] for rule in content("linter")["rules"] if "limits" in rule
    )
    return limits


def _lix(facts: Facts) -> float:
    """Words per sentence + per cent of words with seven letters or more (Björnsson 1968)."""
    words = list(facts.sentence.words)
    sentences = max(1, sum(word.first for word in words))
    return len(words) / sentences + 100 * sum(len(w.text) >= LONG_WORD for w in words) / len(words)


RULES: Final[dict[str, Callable[[Facts], Found]]] = {
    "R1": no_actor,
    "R2": cannot_be_seen,
    "R3": vague_words,
    "R4": no_time,
    "R5": many_big_words,
    "R6": attitude,
    "R7": passive,
    "R8": result,
    "R9": only_a_ban,
    "R10": many_actions,
    "R11": a_person,
    "R12": too_long,
}
IN_ENGLISH: Final = ("R11", "R12")  # they find a word or count; the others miss Danish words


def fired(facts: Facts) -> Iterator[tuple[str, str, str | None]]:
    """Rule, severity and match of each rule that fires, in the order of the file."""
    for rule in content("linter")["rules"]:
        name: str = rule["id"]
        if name not in RULES or (facts.is_english and name not in IN_ENGLISH):
            continue
        is_hit, match = RULES[name](facts)
        if is_hit:
            yield name, rule["severity"], match
        elif name == "R2" and unknown_verb(facts)[0]:
            yield name, rule["unknown_verb_severity"], None


def described(name: str) -> dict[str, Any]:
    """A rule as the file has it."""
    found: dict[str, Any] = next(one for one in content("linter")["rules"] if one["id"] == name)
    return found
