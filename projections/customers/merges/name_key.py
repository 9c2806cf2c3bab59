"""Names of organisations as they are compared: without case, marks and legal form."""

from __future__ import annotations

import re

from projections.kernel.full_text import fold_text

_MARKS = re.compile(r"[\W_]+")
_CHINESE_FORMS = re.compile(
    r"(股份有限公司|有限责任公司|集团有限公司|控股有限公司|有限公司|总公司|分公司|公司|股份|集团)$"
)
_LATIN_FORMS = frozenset(
    {
        *("inc", "incorporated", "ltd", "limited", "llc", "llp", "lp", "plc", "co", "company"),
        *("corp", "corporation", "group", "holding", "holdings", "gmbh", "ag", "sa", "sarl"),
        *("srl", "bv", "nv", "pty", "pte", "kk", "oy", "ab", "as", "spa", "sas"),
    }
)


def name_key(name: str) -> str:
    """Return a name as it is compared with others.

    Width, case, accents, punctuation and spaces do not count, nor do traditional characters and
    the legal form at the end:
    天河科技（集团）有限公司 and 天河科技 have the same key, and so have Acme, Inc. and ACME Ltd.
    """
    words = _MARKS.sub(" ", fold_text(name)).split()
    while len(words) > 1 and words[-1] in _LATIN_FORMS:
        words.pop()
    key = "".join(words)
    while (shorter := _CHINESE_FORMS.sub("", key)) != key and shorter:
        key = shorter
    return key
