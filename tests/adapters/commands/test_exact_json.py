"""JSON is read as it was written, or refused; nothing is rounded or left out in silence."""

from __future__ import annotations

from decimal import Decimal
from hashlib import blake2b
from typing import Any

import orjson
import pytest

from adapters.commands.body_validation import arguments_in, values_in
from adapters.commands.exact_json import as_written, read, rounded, write
from adapters.commands.request_digest import digest, former
from adapters.refusals import InvalidBody, MalformedBody
from domain.kernel.commands import commands

REGISTER = commands()["customer.register"]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b'{"a":1,"a":1}',
        b'{"a":{"b":[{"c":1,"c":2}]}}',
        b'{"a":1,"\\u0061":2}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\udc00\\ud800"}',
        b'{"a":"\xff"}',
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
        b'{"a":1} {"b":2}',
        b'{"a":1}\x00',
        b'{"a":1,}',
        b'{"a":01}',
        b'{"a":1.}',
        b"{'a':1}",
        b'{"a":"\n"}',
        b"[" * 10_000,
        b'{"a":' * 250 + b"1" + b"}" * 250,
        b'{"a":1E99999999999999999999}',
        b'{"a":' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_read_in_different_ways_elsewhere_is_refused(text: bytes) -> None:
    with pytest.raises(MalformedBody) as refused:
        read(text)
    assert "Internal" not in refused.value.detail


def test_a_key_given_twice_is_named() -> None:
    with pytest.raises(MalformedBody, match='has twice the key "grade" at line 1'):
        read(b'{"grade":"A","grade":"B"}')


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":[1,-0,1.5,true,null,"\xe5\x8d\x8e"]}',
        b'{"a":123456789012345678901234567890}',
        b'{"a":[{"b":-123456789012345678901234567890}]}',
        b'{"a":9999999999999999.99}',
        b'{"a":1E+400}',
    ],
)
def test_what_was_read_is_written_as_it_was(text: bytes) -> None:
    assert write(read(text), as_written) == text.replace(b"-0,", b"0,")


@pytest.mark.parametrize(("text", "lossy"), [("0.1", False), ("1E+5", False), ("1e400", True)])
def test_a_number_that_a_double_does_not_hold_is_known(text: str, lossy: bool) -> None:
    assert rounded(Decimal(text)) is lossy


def test_an_amount_keeps_its_hundredths_however_large() -> None:
    for amount in ("70368744177664.01", "99999999999999.11", "9999999999999999.99", "0.01"):
        text = b'{"name":"N","unit":"group","annual_revenue":%b}' % amount.encode()
        assert str(arguments_in(REGISTER, values_in(text))["annual_revenue"]) == amount


@pytest.mark.parametrize(
    ("field", "number"),
    [
        ("name", "12345678901234567.89"),
        ("employees", "1234567890123456.789"),
        ("employees", "123456789012345678901234567890"),
        ("annual_revenue", "99999999999999.115"),
        ("annual_revenue", "123456789012345678901234567890"),
        ("annual_revenue", "1e400"),
        ("annual_revenue", "1e999999"),
        ("annual_revenue", "-1e-400"),
    ],
)
def test_a_number_beyond_what_a_field_holds_is_the_fault_of_that_field(
    field: str, number: str
) -> None:
    good: dict[str, Any] = {"name": "N", "unit": "group"}
    text = orjson.dumps(good | {field: orjson.Fragment(number)})
    faults = []
    for body in (text, read(text)):  # alone; as part of a line
        with pytest.raises(InvalidBody) as refused:
            arguments_in(REGISTER, values_in(body))
        faults.append(refused.value.errors)
    assert faults[0] == faults[1]
    assert [each["pointer"] for each in faults[0]] == [f"/{field}"]


def test_requests_that_differ_in_digits_beyond_a_double_are_not_repeats() -> None:
    one, other = (read(b'{"amount":999999999999999.1%d}' % last) for last in (1, 2))
    assert float(one["amount"]) == float(other["amount"])
    assert digest("c", None, one) != digest("c", None, other)


def test_digests_of_former_times_are_still_known() -> None:
    key = b"k" * 16
    precise, twice = b'{"a":999999999999999.12}', b'{"a":1,"a":2}'
    for text in (b"{}", b'{"b":1.50,"a":[2,"x",1e3]}', precise, twice):
        # As it was computed before, over what orjson reads.
        told = orjson.dumps(["c", None, orjson.loads(text)], option=orjson.OPT_SORT_KEYS)
        for each in (key, b""):
            known = blake2b(told, digest_size=16, key=each).hexdigest()
            assert known in former("c", None, text, key)
    text = b'{"b":1.50,"a":[2,"x",1e3]}'
    assert digest("c", None, read(text), key) == next(former("c", None, text, key))
