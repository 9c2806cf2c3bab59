"""Words of names: those by which organisations are compared, in their order."""

from __future__ import annotations

import re
from collections.abc import Iterator

from projections.customers.merges.company_words import (
    BRANCHES,
    CHINESE_FORMS,
    COUNTRY,
    IDLE,
    LATIN_FORMS,
    PROVINCE_OF,
    SAME,
    TRADES,
)
from projections.kernel.full_text import fold_text, runs

_CHINESE_FORMS = re.compile(CHINESE_FORMS)
_SHORT = re.compile("|".join(sorted((each for each in SAME if not each.isascii()), reverse=True)))
_KNOWN = frozenset({*BRANCHES, *COUNTRY, *PROVINCE_OF, *TRADES})
_LONGEST = max(map(len, _KNOWN))
_DISTRICT = re.compile("[省市州]?([^区县省市]{1,3}[区县])?")
_ORDINAL = re.compile("第([一二三四五六七八九十]{1,3})")
_ORDINALS = {each: str(n) for n, each in enumerate("一二三四五六七八九", 1)}
_DOTS = str.maketrans("", "", ".'’")

_TAIL = 4
"""Letters at the end of a long word that are a word of their own, marked by `'`: a slip is then
either before or in them."""


def name_words(name: str) -> str:
    """Return the words of a name as they are compared with others, a space between each two.

    Width, case, accents, punctuation and spaces do not count, nor do traditional characters and
    the legal form: 天河科技（集团）有限公司 and 天河科技 have the same words, and so have Acme,
    Inc. and ACME Ltd. A Chinese character that belongs to no known word is a word of its own.
    """
    text = fold_text(name).translate(_DOTS)
    found = list(runs(text))
    kept = [each for run in found for each in _words(*run)]
    kept = [each for n, each in enumerate(kept) if not n or each not in LATIN_FORMS] or kept
    kept = [each for each in kept if each not in IDLE] or kept
    if not kept:
        return "".join(chinese + word for chinese, word in found)
    return " ".join(map(_cut, kept))


def _words(chinese: str, word: str) -> Iterator[str]:
    """Yield the words of a run of Chinese characters, or the one word that there is."""
    if word:
        short = word[:-1] if len(word) > 4 and word[-1] == "s" and word[-2] != "s" else word
        yield SAME.get(word) or SAME.get(short, short)
        return
    text = _SHORT.sub(lambda each: SAME[each[0]], _CHINESE_FORMS.sub("", chinese))
    at = 0
    while at < len(text):
        if text[at] == "第" and (ordinal := _ORDINAL.match(text, at)):
            yield "第" + "".join(_ORDINALS.get(each, each) for each in ordinal[1])
            at = ordinal.end()
            continue
        for end in range(min(len(text), at + _LONGEST), at + 1, -1):
            if (known := text[at:end]) in _KNOWN:
                break
        else:
            end, known = at + 1, text[at]
        yield known
        at = end
        if known in PROVINCE_OF and (district := _DISTRICT.match(text, at)):
            if district[1]:
                yield district[1]
            at = district.end()


def _cut(word: str) -> str:
    if len(word) < _TAIL + 2 or not word.isascii() or not word.isalpha():
        return word
    return f"{word[:-_TAIL]} '{word[-_TAIL:]}"
