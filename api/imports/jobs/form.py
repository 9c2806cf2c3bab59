"""Forms: a file and what is said of it, as multipart/form-data, read while it comes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from api.imports.jobs.asked import wrong
from api.kernel.problems import BodyTooLarge, MalformedRequest, UnsupportedMediaType

FORM = b"multipart/form-data"

PIECE = 1 << 20
"""Bytes of the file that are kept together."""

LONGEST = 65_536
"""Bytes of one field."""

FIELDS = 500
"""Fields at most."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Keep = Callable[[int, bytes], None]
"""Keeps a piece of the file, by its number from 0; called in the order of the pieces."""


class Form:
    """What has come of a form."""

    def __init__(self, headers: Mapping[bytes, bytes], limit: int) -> None:
        """Read a form whose file has `limit` bytes at most. Raises `UnsupportedMediaType`."""
        named, options = parse_options_header(headers.get(b"content-type"))
        if named.lower() != FORM or not (boundary := options.get(b"boundary")):
            raise UnsupportedMediaType("Send Content-Type: multipart/form-data with a boundary.")
        self.fields: list[tuple[str, str]] = []
        """The fields as they came, the file aside."""
        self.name: str | None = None
        """What the file is called; `None` while there is none."""
        self.type = ""
        """The media type that the file says it is of."""
        self.size = 0
        """Bytes of the file."""
        self._limit = limit
        self._file = False
        self._header = b""
        self._headers: dict[bytes, bytes] = {}
        self._field = ""
        self._value = bytearray()
        self._ended = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._headers_begin,
                    "on_header_field": self._header_name,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._part_begin,
                    "on_part_data": self._data,
                    "on_part_end": self._part_end,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise UnsupportedMediaType("The boundary of the form cannot be used.") from error
        self._pieces = bytearray()
        self._text = bytearray()

    async def read(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield the file in pieces of a size. Raises a `Refusal`."""
        async for part in body:
            try:
                self._parser.write(part)
            except FormParserError as error:
                raise MalformedRequest(f"The form cannot be read: {error}.") from error
            while len(self._pieces) >= PIECE:
                yield bytes(self._pieces[:PIECE])
                del self._pieces[:PIECE]
        if not self._ended:
            raise MalformedRequest("The form is not complete: its last boundary is missing.")
        if self._pieces:
            yield bytes(self._pieces)

    def _headers_begin(self) -> None:
        self._headers, self._header, self._text = {}, b"", bytearray()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._text += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._header.lower()] = bytes(self._text)
        self._header, self._text = b"", bytearray()

    def _part_begin(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        self._field = _text(options.get(b"name", b""), "the name of a field")
        self._value = bytearray()
        self._file = self._field == "file"
        if not self._field:
            raise MalformedRequest("A part of the form has no name.")
        if not self._file:
            return
        if self.name is not None:
            raise wrong("file", "one file is imported at a time")
        name = _text(options.get(b"filename", b""), "the name of the file")
        self.name = re.split(r"[/\\]", name)[-1][-200:]
        named, _ = parse_options_header(self._headers.get(b"content-type"))
        self.type = named.decode("latin-1").lower()

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._file:
            self.size += end - start
            if self.size > self._limit:
                raise BodyTooLarge(f"A file has {self._limit} bytes at most.")
            self._pieces += data[start:end]
        elif len(self._value) + end - start > LONGEST:
            raise BodyTooLarge(f"A field has {LONGEST} bytes at most.")
        else:
            self._value += data[start:end]

    def _part_end(self) -> None:
        if self._file:
            return
        if len(self.fields) == FIELDS:
            raise BodyTooLarge(f"A form has {FIELDS} fields at most.")
        self.fields.append((self._field, _text(bytes(self._value), self._field)))

    def _end(self) -> None:
        self._ended = True


def _text(content: bytes, field: str) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise wrong(field, "is not UTF-8") from None
    if _CONTROL.search(text):
        raise wrong(field, "has a control character in it")
    return text
