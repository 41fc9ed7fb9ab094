"""Owns one request over HTTP: to the place that was named, and by no proxy or redirection to any other."""

from __future__ import annotations

import http.client
from typing import Final

from pjai_wire.http_place import HttpPlace

ANSWER_BYTES_MAX: Final = 32 * 2**20


class NoAnswer(Exception):
    """There was none; its text tells why, and holds nothing of what was sent."""


def post(place: HttpPlace, body: bytes, key: str, timeout_s: float) -> tuple[int, bytes]:
    """Sends JSON, and waits for the answer.

    Args:
        place: where to.
        body: what to send.
        key: an API key; empty for none.
        timeout_s: how long each part of it may take.

    Returns:
        The answer's status, and its body.

    Raises:
        NoAnswer: there was none, or one that is too long or no HTTP.
    """
    connect = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    connection = connect(place.host, place.port, timeout=timeout_s)
    try:
        connection.request("POST", place.path, body, headers)
        response = connection.getresponse()
        answer = response.read(ANSWER_BYTES_MAX + 1)
    except OSError as problem:
        raise NoAnswer(problem.strerror or type(problem).__name__) from problem
    except http.client.HTTPException as problem:
        raise NoAnswer(type(problem).__name__) from problem
    finally:
        connection.close()
    if len(answer) > ANSWER_BYTES_MAX:
        raise NoAnswer(f"more than {ANSWER_BYTES_MAX} bytes")
    return response.status, answer
