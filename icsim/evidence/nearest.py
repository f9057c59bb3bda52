"""The nearest valid choices for a name that does not exist."""

import difflib
from collections.abc import Iterable


def _words(text: str) -> list[str]:
    return text.replace("_", " ").replace("-", " ").split()


def nearest(word: str, choices: Iterable[str], count: int = 3) -> list[str]:
    """The ``count`` choices most like ``word``, best first, compared without case; [] when nothing is near.

    A choice that holds every word asked for counts as near, however long it is ("frimley beds" finds
    "ga_beds_frimley_2016_17"), and so does one whose every word was asked for ("city of salford": "salford").
    """
    asked = word.casefold().strip()
    if not asked:
        return []
    words = _words(asked)
    scored: list[tuple[float, str]] = []
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(asked)
    for choice in dict.fromkeys(choices):
        known = choice.casefold()
        bonus = 0.0
        if all(part in known for part in words):
            bonus = 0.5
        elif set(_words(known)) <= set(words):
            bonus = 0.2
        matcher.set_seq1(known)
        if not bonus and (matcher.real_quick_ratio() < 0.6 or matcher.quick_ratio() < 0.6):
            continue
        score = matcher.ratio() + bonus
        if score >= 0.6 or bonus:
            scored.append((score, choice))
    scored.sort(key=lambda pair: (-pair[0], pair[1]))
    return [choice for _, choice in scored[:count]]
