"""The nearest valid choices for a name that does not exist."""

import difflib
from collections.abc import Iterable


def nearest(word: str, choices: Iterable[str], count: int = 3) -> list[str]:
    """The ``count`` choices most like ``word``, best first, compared without case; [] when nothing is near.

    A choice that holds every word asked for counts as near, however long it is: "frimley beds" finds
    "ga_beds_frimley_2016_17".
    """
    asked = word.casefold().strip()
    if not asked:
        return []
    words = asked.replace("_", " ").replace("-", " ").split()
    scored: list[tuple[float, str]] = []
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(asked)
    for choice in dict.fromkeys(choices):
        known = choice.casefold()
        holds_all = all(part in known for part in words)
        matcher.set_seq1(known)
        if not holds_all and (matcher.real_quick_ratio() < 0.6 or matcher.quick_ratio() < 0.6):
            continue
        score = matcher.ratio() + (0.5 if holds_all else 0.0)
        if score >= 0.6 or holds_all:
            scored.append((score, choice))
    scored.sort(key=lambda pair: (-pair[0], pair[1]))
    return [choice for _, choice in scored[:count]]
