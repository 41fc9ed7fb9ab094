"""Owns a server of vectors for the tests: real HTTP on loopback, as OpenAI has it, with faults to order."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DIMENSION = 8


class VectorServer:
    """Makes a vector of each text: of its hash, so that equal texts have equal ones."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        """The texts of each request."""
        self.authorizations: list[str | None] = []
        self.models: list[str] = []
        self.status = 200
        """What it answers, with no vectors if not 200."""
        self.refuses = ""
        """Answers 400 to a request with a text that has this in it."""
        self.answer: bytes | None = None
        """What it answers instead of vectors."""
        self.hangs = threading.Event()
        """While it is clear the server does not answer."""
        self.hangs.set()
        self.url = ""

    def reply(self, body: dict[str, Any], authorization: str | None) -> tuple[int, bytes]:
        texts = body["input"]
        self.asked.append(texts)
        self.models.append(body["model"])
        self.authorizations.append(authorization)
        self.hangs.wait(30)
        if self.status != 200:
            return self.status, b'{"error": "as ordered"}'
        if self.refuses and any(self.refuses in text for text in texts):
            return 400, b'{"error": "too long"}'
        if self.answer is not None:
            return 200, self.answer
        data = [{"index": index, "embedding": vector(text)} for index, text in enumerate(texts)]
        # Servers may answer in any order.
        return 200, json.dumps({"object": "list", "data": data[::-1]}).encode()


def vector(text: str) -> list[float]:
    """What the server makes of a text."""
    return [byte - 127.5 for byte in hashlib.sha256(text.encode()).digest()[:DIMENSION]]


@contextmanager
def vector_server(port: int = 0) -> Iterator[VectorServer]:
    """A server on loopback, for the block."""
    behaviour = VectorServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, answer = behaviour.reply(body, self.headers["Authorization"])
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            if status in (301, 302, 307):
                self.send_header("Location", behaviour.url)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    behaviour.url = f"http://127.0.0.1:{server.server_address[1]}/v1/embeddings"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield behaviour
    finally:
        behaviour.hangs.set()
        server.shutdown()
        server.server_close()
        thread.join()
