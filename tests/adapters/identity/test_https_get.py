"""Asking: an answer is taken from where it was asked for, in time and of bounded length."""

import datetime
import http.server
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.identity.https_get import LARGEST, Unanswered, ask
from adapters.local.process import free_port


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers by the path that is asked for."""

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/here")
            self.end_headers()
            return
        body = b"x" * (LARGEST + (self.path == "/long")) if "long" in self.path else b"{}"
        self.send_response(503 if self.path == "/unready" else 200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@contextmanager
def answering(context: ssl.SSLContext | None = None) -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"{'https' if context else 'http'}://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def place() -> Iterator[str]:
    with answering() as found:
        yield found


@pytest.fixture
def certified(tmp_path: Path) -> ssl.SSLContext:
    """What a server proves its name by, certified by nobody but itself."""
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    signed = made.add_extension(names, critical=False).sign(key, None)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "server.pem").write_bytes(secret + signed.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    return context


def test_an_answer_is_its_status_and_body(place: str) -> None:
    assert ask(f"{place}/here", 5) == (200, b"{}")
    assert ask(f"{place}/unready", 5) == (503, b"{}")


def test_a_redirect_is_not_followed(place: str) -> None:
    assert ask(f"{place}/moved", 5) == (302, b"")


def test_proxies_of_the_environment_are_not_asked(place: str) -> None:
    program = f"from adapters.identity.https_get import ask; print(ask('{place}/here', 5)[0])"
    nowhere = {"http_proxy": f"http://127.0.0.1:{free_port()}", "no_proxy": ""}
    told = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | nowhere, capture_output=True, text=True
    )
    assert told.stdout == "200\n", told.stderr


def test_an_answer_may_be_long_but_not_too_long(place: str) -> None:
    assert len(ask(f"{place}/as-long-as-may-be", 5)[1]) == LARGEST
    with pytest.raises(Unanswered, match="too much"):
        ask(f"{place}/long", 5)


def test_whoever_cannot_prove_its_name_is_not_believed(certified: ssl.SSLContext) -> None:
    with answering(certified) as place, pytest.raises(Unanswered, match="CERTIFICATE_VERIFY"):
        ask(f"{place}/here", 5)


@pytest.mark.parametrize(
    "place", ["http://127.0.0.1:{port}", "file:///etc/hostname", "ftp://127.0.0.1", "http://[", "x"]
)
def test_where_nobody_answers_by_http_there_is_no_answer(place: str) -> None:
    with pytest.raises(Unanswered):
        ask(place.format(port=free_port()), 5)


def test_whoever_is_silent_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = "http://{}:{}".format(*silent.getsockname())
        with pytest.raises(Unanswered, match="timed out"):
            ask(url, 0.1)
