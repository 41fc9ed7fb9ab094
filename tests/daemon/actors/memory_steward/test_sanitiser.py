"""What should not lie about in a memory: found, counted, taken out, in time that follows the length."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pjai_wire.fields import PersonaSettings, SanitiserPolicy
from pjaid.actors.memory_steward.check_digits import IBAN_LENGTHS, is_iban
from pjaid.actors.memory_steward.sanitiser import policy_of, sanitised
from pjaid.actors.memory_steward.sensitive import NOTHING, findings

KEY_BLOCK = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"
TOKENS = (
    "sk-" + "proj-a1b2c3d4e5f6g7h8i9j0",
    "sk-" + "ant-api03-abcdefghijklmnopqrst",
    "ghp_" + "a1" * 18,
    "github_pat_" + "11ABCDEFG0abcdefghijkl",
    "glpat-" + "a1b2c3d4e5f6g7h8i9j0",
    "xoxb-" + "123456789012-abcdefghij",
    "AKIA" + "IOSFODNN7EXAMPLE",
    "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
    "sk_live_" + "a1b2c3d4e5f6g7h8",
    "npm_" + "a1" * 18,
    "pypi-" + "AgEIcHlwaS5vcmcCJDA",
    "hf_" + "aB" * 17,
    "gsk_" + "a1B2" * 13,
    "xai-" + "a1B2" * 20,
    "pplx-" + "a1b2" * 12,
    "r8_" + "a1B2" * 9 + "a",
    "SK" + "0a1b2c3d" * 4,
    "key-" + "0a1b2c3d" * 4,
    "123456789:AAF" + "a1B2c" * 6 + "xy",
    "MTA1" + "a1B2c3" * 4 + ".GhJkLm." + "a1B2c3" * 6,
    "shpat_" + "0a1b2c3d" * 4,
    "lin_api_" + "a1B2" * 10,
    "secret_" + "a1B2c3" * 7 + "a",
    "ntn_" + "a1B2c3" * 7,
    "dapi" + "0a1b2c3d" * 4,
    "hvs." + "a1B2c3" * 8,
    "AGE-SECRET-KEY-1" + "QPZR9Y8X" * 7 + "QP",
    "PMAK-" + "0a1b2c3d" * 3 + "-" + "0a1b2c3d" * 4,
    "figd_" + "a1B2c3" * 7,
    "sntrys_" + "a1B2c3" * 8,
    "pat-eu1-" + "0a1b2c3d" * 4,
    "ATATT3" + "a1B2c3_-" * 20,
    "dckr_pat_" + "a1B2c3d4e" * 3,
    "rubygems_" + "0a1b2c3d" * 6,
    "CFPAT-" + "a1B2c3" * 7,
    "EAAC" + "a1B2c3d4" * 15,
    "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
)


def luhn_digit(digits: str) -> str:
    """The digit that makes a number hold, by the formula's own words: doubled from the right."""
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits))]
    return str(-sum(sum(divmod(digit, 10)) for digit in doubled) % 10)


@st.composite
def cards(draw: st.DrawFn) -> str:
    issuer = draw(st.sampled_from(["2200", "2221", "2720", "305", "34", "36", "37", "4", "51", "62"]))
    rest = st.text("0123456789", min_size=12 - len(issuer), max_size=18 - len(issuer))
    body = issuer + draw(rest)
    number = body + luhn_digit(body)
    between = draw(st.sampled_from(["", " ", "-", ".", "\u00a0", "\u202f", "\u2013"]))
    size = draw(st.integers(4, 6))
    return between.join(number[begin : begin + size] for begin in range(0, len(number), size))


@st.composite
def ibans(draw: st.DrawFn) -> str:
    country = draw(st.sampled_from(sorted(IBAN_LENGTHS)))
    size = IBAN_LENGTHS[country] - 4
    body = draw(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=size, max_size=size))
    number = next(
        f"{country}{check:02}{body}" for check in range(2, 99) if is_iban(f"{country}{check:02}{body}")
    )
    between = draw(st.sampled_from(["", " ", "-", "\u00a0", "\u2011"]))
    written = between.join(number[begin : begin + 4] for begin in range(0, len(number), 4))
    return draw(st.sampled_from([written, written.lower()]))


sensitive = st.one_of(
    cards().map(lambda text: ("card", text)),
    ibans().map(lambda text: ("iban", text)),
    st.sampled_from(TOKENS).map(lambda text: ("token", text)),
    st.just(("private_key", KEY_BLOCK)),
    st.just(("email", "ada.b+bread@example.co.uk")),
)
words = st.text(st.characters(categories=["L", "Zs", "P"], codec="utf-8"), max_size=20)


PARTS = (
    *("token", "apiKey", "password", "userPwd", "secret_key_base", "Bearer ", "https://ada:", "@"),
    *("=", ":", ":=", "=>", " ", "\n", '"', "'", '\\"', "|", "> ", ".", "-", ",", ";", "#"),
    *("a1", "a1B2c3d4", "hunter2", "word", TOKENS[2], TOKENS[6], "MIIEow=="),
    *("-----BEGIN PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----", "[redacted: token]"),
)
"""Of what is found behind a name, and of what may stand in its way."""


def redacted(text: str) -> str:
    value: str = sanitised(text, "redact").value
    return value


@given(found=sensitive, before=words, after=words)
def test_what_stands_between_blanks_is_taken_out_and_counted(
    found: tuple[str, str], before: str, after: str
) -> None:
    kind, text = found
    told = sanitised(f"{before} {text} {after}", "redact")
    assert text not in told.value
    assert f"[redacted: {kind}]" in told.value
    assert told.found.get(kind, 0) >= 1


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("paid with 4111 1111 1111 1111 in 2025", "paid with [redacted: card] in 2025"),
        ("in 2025 4111-1111-1111-1111.", "in 2025 [redacted: card]."),
        ("4111 1111 1111 1111 2nd try", "[redacted: card] 2nd try"),
        ("3782 822463 10005", "[redacted: card]"),
        ("to DE89 3704 0044 0532 0130 00 now", "to [redacted: iban] now"),
        ("ask ada@example.org, or bo", "ask [redacted: email], or bo"),
        ("postgres://ada:hunter2@db/pjai", "postgres://ada:[redacted: password]@db/pjai"),
        ("https://ada:p@ss@example.org/", "https://ada:[redacted: password]@example.org/"),
        ("password: hunter2, and more", "password: [redacted: password], and more"),
        ("DB_PASSWORD='two words'", "DB_PASSWORD='[redacted: password]'"),
        ('{"passwd": "x"}', '{"passwd": "[redacted: password]"}'),
        ("?pwd=abc&page=2", "?pwd=[redacted: password]&page=2"),
        ("aws_secret_access_key = wJalrXUt/K7MDENG", "aws_secret_access_key = [redacted: token]"),
        ("encryption_key=0a1b2c3d0a1b", "encryption_key=[redacted: token]"),
        ("AccountKey=" + "a1B2c3d4" * 10 + "==;x", "AccountKey=[redacted: token];x"),
        ("client_secret=abcDEFghiJKLmno", "client_secret=[redacted: token]"),
        ("Authorization: Bearer " + "a1B2c3d4" * 5, "Authorization: Bearer [redacted: token]"),
        ("-H 'authorization: basic dXNlcjpwYXNzd29yZA=='", "-H 'authorization: basic [redacted: token]'"),
        ("https://x:" + TOKENS[2] + "@github.com", "https://x:[redacted: token]@github.com"),
        ("password = " + "a1" * 200 + ", b", "password = [redacted: password], b"),
        ("private_key=" + "MIIEa1B2" * 200 + "; b", "private_key=[redacted: token]; b"),
        ('password := "hunter2"', 'password := "[redacted: password]"'),
        ("password == hunter2", "password == [redacted: password]"),
        (":password => 'hunter2'", ":password => '[redacted: password]'"),
        ("password: |\n  hunter2\nuser: ada", "password: |\n  [redacted: password]\nuser: ada"),
        (r"{\"password\": \"hunt\er2\"}", r"{\"password\": \"[redacted: password]\"}"),
        (r"{\"apiKey\": \"a1B2c3d4\"}", r"{\"apiKey\": \"[redacted: token]\"}"),
        ("refreshToken=a1B2c3d4e5", "refreshToken=[redacted: token]"),
        ('stripeWebhookSecret: "a1B2c3d4e5"', 'stripeWebhookSecret: "[redacted: token]"'),
        ("myApiKey: a1B2c3d4e5", "myApiKey: [redacted: token]"),
        ("userPwd: hunter2", "userPwd: [redacted: password]"),
        ("SECRET_KEY_BASE=0a1b2c3d0a1b", "SECRET_KEY_BASE=[redacted: token]"),
        ("ask o'brien@example.org", "ask [redacted: email]"),
        ("ask 'ada@example.org'", "ask '[redacted: email]'"),
        ("-ada@example.org", "[redacted: email]"),
        ("q=%20ada@example.org", "q=[redacted: email]"),
        ("git@example.org wrote", "[redacted: email] wrote"),
        ("token=a1." + TOKENS[2], "token=a1.[redacted: token]"),
        ("password: |2-\n  hunter2", "password: |2-\n  [redacted: password]"),
        ("password: |  # mine\n  hunter2", "password: |  # mine\n  [redacted: password]"),
        ("password: 'tis" + " so" * 100, "password: '[redacted: password]" + (" so" * 100)[197:]),
        ("-----BEGIN PRIVATE KEY-----\nMIIEow", "[redacted: private_key]"),
        ("MIIEow\nMIIEow==\n-----END RSA PRIVATE KEY-----\nso", "[redacted: private_key]\nso"),
        ("my key:\nMIIEow==\n-----END PRIVATE KEY-----", "my key:\n[redacted: private_key]"),
        (KEY_BLOCK + " " + KEY_BLOCK, "[redacted: private_key] [redacted: private_key]"),
    ],
)
def test_nothing_but_what_is_sensitive_is_taken_out(text: str, left: str) -> None:
    assert redacted(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",
        "it was 1750000000000 then",
        "2021 2022 2023 2024 2025 2026",
        "from 2024-03-02 2024-04-07 on",
        "backup-20240115103010.tar",
        "555-123-4567 555-123-4566",
        "41 28 53 37 22 64 45 36 51 29 33 47 58 62 44 31 25 49 56 38",
        "order 123456789012",
        "DE88 3704 0044 0532 0130 00",
        "token: something that stands for another thing",
        "token: Authentication",
        "basic internationalisation, and the bearer of good news",
        "4.111 4.112 4.113 4.114 at 192.168.100.200",
        "de88-3704-0044-0532-0130-00",
        "key-value-stores, secret_santa_of_the_whole_company, xai-based",
        "scikit: sk-learn-is-a-name-that-is-long-too",
        "at 7 @ the bakery, compass: north",
        "git@github.com:pjai/pjai.git",
        "max_tokens: 16000000, monkey: 12345678",
        "https://example.org:8080/path",
        "0123456789abcdef41111111111111110123456789abcdef",
        "Brötchen mit Käse",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert sanitised(text, "redact").value == text
    assert sanitised(text, "mark").found == {}


@given(
    st.text(max_size=80)
    | st.lists(sensitive.map(lambda one: one[1]) | words).map(" ".join)
    | st.lists(st.sampled_from(PARTS), max_size=8).map("".join)
)
def test_to_sanitise_again_finds_no_more(text: str) -> None:
    once = redacted(text)
    assert sanitised(once, "redact").found == {}
    assert redacted(once) == once


@given(st.text(max_size=80) | st.lists(sensitive.map(lambda one: one[1]) | words).map("".join))
def test_findings_stand_in_their_order_and_apart(text: str) -> None:
    found = findings(text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(one.end <= following.start for one, following in pairwise(found))


def test_every_text_in_a_value_is_looked_at_and_nothing_else_changes() -> None:
    value = {
        "who": ["ada@example.org", {"bo@example.org": 1, "cy@example.org": None}],
        "password": "hunter2",
        "userPwd": "hunter2",
        "compass": "north",
        "refreshToken": "any",
        "empty": {"apiKey": ""},
        "n": 0.5,
        "raw": b"ada@example.org",
    }
    told = sanitised(value, "redact")
    assert told.value == {
        "who": ["[redacted: email]", {"[redacted: email]": 1, "[redacted: email] (2)": None}],
        "password": "[redacted: password]",
        "userPwd": "[redacted: password]",
        "compass": "north",
        "refreshToken": "[redacted: password]",
        "empty": {"apiKey": ""},
        "n": 0.5,
        "raw": b"ada@example.org",
    }
    assert told.found == {"email": 3, "password": 3}
    assert sanitised(told.value, "redact").value == told.value


def test_many_keys_that_are_redacted_are_as_many_keys_as_before() -> None:
    keys = {"[redacted: email] (3)": 0} | {f"ada{number}@example.org": 1 for number in range(5)}
    told = sanitised(keys, "redact")
    assert [*told.value] == ["[redacted: email] (3)", "[redacted: email]"] + [
        f"[redacted: email] ({number})" for number in (2, 4, 5, 6)
    ]


@pytest.mark.slow
def test_a_map_of_eight_times_as_many_keys_to_redact_takes_about_eight_times_as_long() -> None:
    maps = ({f"{number}@example.org": 1 for number in range(size)} for size in (2_000, 16_000))
    short, long = (_processor_s(partial(sanitised, one, "redact")) for one in maps)
    assert long < 24 * max(short, 0.001)


def test_a_policy_marks_or_leaves_alone() -> None:
    text = "ada@example.org and bo@example.org"
    assert (sanitised(text, "mark").value, sanitised(text, "mark").found) == (text, {"email": 2})
    assert (sanitised(text, "off").value, sanitised(text, "off").found) == (text, {})


@pytest.mark.parametrize(
    ("settings", "policy"),
    [
        ({"privacy_level": "high"}, "redact"),
        ({"privacy_level": "medium"}, "mark"),
        ({"privacy_level": "low"}, "off"),
        ({"privacy_level": "high", "sanitiser": "off"}, "off"),
        ({"privacy_level": "low", "sanitiser": "redact"}, "redact"),
    ],
)
def test_the_persona_s_own_word_counts_before_its_privacy_level(
    settings: dict[str, Any], policy: SanitiserPolicy
) -> None:
    assert policy_of(PersonaSettings(**settings)) == policy


@pytest.mark.slow
@pytest.mark.parametrize(
    "repeated",
    [
        *("a", "1", "4", "4 ", "a.", "_", "-", " ", NOTHING, '"'),
        *("a@", "a@b.", "eyJ", "eyJaaaaaaaa.", "sk-", "ghp_", "SG.aaaaaaaaaaaaaaaaaaaa.", "DE89 "),
        *("basic ", "Bearer aA", "M", "hvs.", "de89-", "4111.", "secret_", "ATATT3=", "token=aaaaaaaaaaaa "),
        *("a://a:", "://", "password=", 'password="', "password ", "token:", "secret_key"),
        *(
            "password := ",
            'password="a" ',
            "apiKey:a1",
            "password: |\n",
            '\\"password\\":\\"',
            "'a",
            "aToken",
        ),
        *("-----END PRIVATE KEY-----", "AAAA\n", "AAAA\n-----END PRIVATE KEY-----\n"),
        *("-----BEGIN PRIVATE KEY-----", "-----BEGIN ", "4111 1111 1111 1112 "),
    ],
)
def test_an_adverse_text_of_eight_times_the_length_takes_about_eight_times_as_long(repeated: str) -> None:
    # It ends in what is no number, however many stand before.
    short, long = (
        _processor_s(partial(findings, f"{repeated * (size // len(repeated))}1a")) for size in (2**14, 2**17)
    )
    # What grows with the square takes 64 times as long.
    assert long < 24 * max(short, 0.001)


def _processor_s(work: Callable[[], object]) -> float:
    """What the processor has to do for some work, whatever else the machine does; the best of three."""
    taken: list[float] = []
    for _ in range(3):
        begun = time.thread_time()
        work()
        taken.append(time.thread_time() - begun)
    return min(taken)
