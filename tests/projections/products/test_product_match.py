"""Matching: which product of the catalogue a text means."""

from typing import Any

import pytest

from projections.products.product_match import Catalogue

ROWS: list[dict[str, Any]] = [
    {"id": "1", "code": "ia-line", "name": "互联网专线", "english_name": "Internet access"},
    {"id": "2", "code": "vt-e1", "name": "语音中继", "english_name": None},
    {"id": "3", "code": "vt-sip", "name": "SIP语音中继", "english_name": "SIP trunk"},
]


@pytest.mark.parametrize(
    ("text", "id_", "exact"),
    [
        ("互联网专线", "1", True),
        (" INTERNET  access", "1", True),
        ("ＩＡ-line", "1", True),
        ("互联网专线100M", "1", False),
        ("SIP语音中继 30路", "3", False),
        ("中继", "3", False),
        ("云主机", None, False),
        ("专", None, False),
    ],
)
def test_a_text_means_what_is_called_so_or_has_the_longest_name_in_common(
    text: str, id_: str | None, exact: bool
) -> None:
    found = Catalogue(ROWS).match(text)
    assert (found and found.product["id"], bool(found and found.exact)) == (id_, exact)
