"""Compression: what clients take is sent small, unpacks to what it was, and says so in its head."""

from __future__ import annotations

import asyncio
import json
import threading
import zlib
from typing import Any

import duckdb
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from api.server import compression
from api.server.compression import LEAST, WHOLE, coding, compressing

JSON = b"application/json"
TEXT = json.dumps([{"id": n, "name": "Acme"} for n in range(200)]).encode()
Given = list[tuple[bytes, bytes]]


def sent(
    pieces: list[bytes],
    headers: Given,
    asked: dict[bytes, bytes],
    *,
    status: int = 200,
    method: str = "GET",
) -> tuple[dict[bytes, bytes], list[bytes]]:
    """Return what a client gets that asked with some headers: those of the answer, and its body."""
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    async def answer() -> None:
        send_ = compressing(send, method, asked)
        await send_({"type": "http.response.start", "status": status, "headers": headers})
        for number, piece in enumerate(pieces, 1):
            more = number < len(pieces)
            await send_({"type": "http.response.body", "body": piece, "more_body": more})

    asyncio.run(answer())
    names = [name for name, _ in messages[0]["headers"]]
    assert len(names) == len(set(names))
    assert [each.get("more_body", False) for each in messages[1:]][-1:] == [False]
    return dict(messages[0]["headers"]), [each["body"] for each in messages[1:]]


def whole(body: bytes, type_: bytes = JSON, *more: tuple[bytes, bytes]) -> Given:
    return [(b"content-type", type_), (b"content-length", b"%d" % len(body)), *more]


def unpacked(body: bytes, coding: bytes, folder: Any) -> bytes:
    """Unpack by others' hands: zlib, and the zstd of DuckDB."""
    if coding == b"gzip":
        return zlib.decompress(body, wbits=31)
    file = folder / f"{len(body)}.csv.zst"
    file.write_bytes(body)
    options = "columns={'a': 'VARCHAR'}, delim='', quote='', escape='', header=false"
    rows = duckdb.execute(f"FROM read_csv('{file}', {options}, max_line_size=10000000)").fetchall()
    return "\n".join(row[0] for row in rows).encode()


@pytest.mark.parametrize("name", [b"zstd", b"gzip"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_whole_answer_is_smaller_and_its_length_is_that_of_what_is_sent(
    name: bytes, method: str, tmp_path: Any
) -> None:
    tag = (b"etag", b'"3-abc"')
    headers, pieces = sent(
        [TEXT], whole(TEXT, JSON, tag), {b"accept-encoding": name}, method=method
    )
    body = b"".join(pieces)
    assert len(body) < len(TEXT) / 4
    assert headers[b"content-length"] == b"%d" % len(body)
    assert (headers[b"content-encoding"], headers[b"etag"]) == (name, b'W/"3-abc"')
    assert unpacked(body, name, tmp_path) == TEXT


@pytest.mark.parametrize("name", [b"zstd", b"gzip"])
def test_a_large_answer_and_an_export_come_in_pieces_made_in_threads(
    name: bytes, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []
    piece_ = compression._piece

    def noted(*args: Any) -> bytes:
        threads.append(threading.get_ident())
        return piece_(*args)

    monkeypatch.setattr(compression, "_piece", noted)
    accept = {b"accept-encoding": name}
    lines = [b'{"number": %d}' % number for number in range(20_000)]
    large = b"\n".join(lines)
    assert len(large) > 2 * WHOLE
    for pieces, head in (
        ([large], whole(large)),
        ([line + b"\n" for line in lines[:-1]] + [lines[-1]], [(b"content-type", b"text/csv")]),
        ([large, b""], [(b"content-type", b"application/x-ndjson; charset=utf-8")]),
    ):
        headers, made = sent(pieces, head, accept)
        assert b"content-length" not in headers
        assert headers[b"content-encoding"] == name
        assert unpacked(b"".join(made), name, tmp_path) == large
        assert len(made) <= 1 + len(large) / WHOLE
    assert threads
    assert threading.get_ident() not in threads


@pytest.mark.parametrize(
    ("type_", "more", "status", "size"),
    [
        (JSON, (), 200, LEAST - 1),
        (b"text/event-stream; charset=utf-8", (), 200, None),
        (b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (), 200, 5000),
        (b"application/vnd.apache.parquet", (), 200, None),
        (b"application/zip", (), 200, 5000),
        (JSON, ((b"content-encoding", b"br"),), 200, 5000),
        (b"text/csv", ((b"content-range", b"bytes 0-1/9"),), 206, 5000),
    ],
)
def test_what_is_small_packed_already_or_comes_event_by_event_is_left_as_it_is(
    type_: bytes, more: tuple[tuple[bytes, bytes], ...], status: int, size: int | None
) -> None:
    body = b"x" * (size or 5000)
    given = [(b"content-type", type_), (b"etag", b'"1"'), *more]
    given += [] if size is None else [(b"content-length", b"%d" % size)]
    headers, made = sent([body, b""], given, {b"accept-encoding": b"gzip"}, status=status)
    assert headers == dict(given)
    assert made == [body, b""]


def test_the_answers_to_one_command_after_another_come_as_each_is_done() -> None:
    given = [(b"content-type", b"application/x-ndjson")]
    lines = [b'{"status": 200}\n' * 100, b"{}\n"]
    assert sent(lines, given, {b"accept-encoding": b"zstd"}, method="POST") == (dict(given), lines)


def test_a_page_that_has_not_changed_bears_the_tag_that_the_client_has() -> None:
    given = [(b"etag", b'"3-abc"')]
    for known, tag in ((b'W/"3-abc"', b'W/"3-abc"'), (b'"3-abc"', b'"3-abc"')):
        asked = {b"accept-encoding": b"gzip", b"if-none-match": known}
        headers, _ = sent([b""], given, asked, status=304)
        assert headers == {b"etag": tag}


@pytest.mark.parametrize(
    ("accepted", "found"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("GZIP", "gzip"),
        ("*", "zstd"),
        ("gzip;q=1, zstd;q=0.5", "gzip"),
        ("zstd;q=0, *;q=0.1", "gzip"),
        ("gzip ; q=0.5 , identity;q=0.2", "gzip"),
        ("identity, gzip;q=0.5", None),
        ("gzip;q=0", None),
        ("*;q=0", None),
        ("br, deflate", None),
        ("", None),
        ("gzip;q=high", None),
        ("gzip;q=2", None),
        ("gzip;q=nan", None),
    ],
)
def test_the_client_says_what_it_takes_and_what_it_prefers(
    accepted: str, found: str | None
) -> None:
    assert coding(accepted.encode()) == found


@given(st.binary(max_size=60))
def test_whatever_a_client_says_it_takes_is_read(accepted: bytes) -> None:
    assert coding(accepted) in ("gzip", "zstd", None)


@pytest.mark.parametrize("path", ["/problems", "/reports", "/openapi.json", "/docs/swagger-ui.css"])
def test_a_server_says_the_same_plain_and_compressed_and_in_its_head(
    client: httpx.Client, path: str
) -> None:
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    for name in ("gzip", "zstd"):
        asked = {"Accept-Encoding": name}
        with client.stream("GET", path, headers=asked) as answer:
            raw = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == name
        assert len(raw) < len(plain.content)
        assert answer.headers.get("content-length", str(len(raw))) == str(len(raw))
        head = client.head(path, headers=asked)
        for each in ("content-encoding", "content-length", "content-type", "etag", "vary"):
            assert head.headers.get(each) == answer.headers.get(each)
    again = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert again.content == plain.content
    assert "Accept-Encoding" in again.headers["vary"].split(", ")
    tag = again.headers.get("etag")
    if tag is not None:
        assert tag == f"W/{plain.headers['etag']}"
        for each in (tag, plain.headers["etag"]):
            assert client.get(path, headers={"If-None-Match": each}).status_code == 304
