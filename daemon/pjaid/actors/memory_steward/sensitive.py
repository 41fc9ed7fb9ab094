"""Owns the finding of what should not lie about in a text: keys, passwords, addresses, numbers (pure).

Each pattern takes time in proportion to the text, whatever that is: it begins only where what it repeats does
not stand before, or repeats no more than a few hundred times.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from pjaid.actors.memory_steward.check_digits import Span, cards, ibans

Finder = Callable[[str], Iterable[Span]]

NOTHING = "\0"
"""A character that no pattern holds for part of what it finds."""


class Finding(Struct, frozen=True):
    """A part of a text."""

    start: int
    end: int
    kind: str


TOKENS = (
    r"sk-(?=[A-Za-z_-]{0,200}[0-9])[A-Za-z0-9_-]{20,}",  # OpenAI, Anthropic, OpenRouter
    r"gh[opsur]_[A-Za-z0-9]{30,}",  # GitHub
    r"github_pat_[A-Za-z0-9_]{20,}",
    r"gl(?:agent|cbt|dt|feat|ffct|ft|imt|oas|pat|ptt|rt|soat)-[A-Za-z0-9_-]{20,}",  # GitLab
    r"xox[a-z]-[A-Za-z0-9-]{10,}",  # Slack
    r"xapp-[0-9]-[A-Za-z0-9-]{10,}",
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])",  # AWS
    r"AIza[A-Za-z0-9_-]{35}",  # Google
    r"GOCSPX-[A-Za-z0-9_-]{20,}",
    r"ya29\.[A-Za-z0-9_-]{20,}",
    r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}",  # Stripe
    r"whsec_[A-Za-z0-9+/=]{20,}",
    r"npm_[A-Za-z0-9]{30,}",
    r"pypi-[A-Za-z0-9_-]{16,}",
    r"hf_[A-Za-z0-9]{30,}",  # Hugging Face
    r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",  # SendGrid
    r"do[opr]_v1_[a-f0-9]{40,}",  # DigitalOcean
    r"(?:gsk_|xai-|pplx-|r8_)[A-Za-z0-9]{36,}",  # Groq, xAI, Perplexity, Replicate
    r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33,}",  # Telegram
    r"[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}",  # Discord
    r"ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{43}(?![A-Za-z0-9])",  # Notion
    r"lin_(?:api|oauth)_[A-Za-z0-9]{32,}",  # Linear
    r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32,}",  # Shopify
    r"dapi[a-f0-9]{32}(?![A-Za-z0-9])",  # Databricks
    r"hv[bsr]\.[A-Za-z0-9_-]{24,}",  # Vault
    r"ATATT3[A-Za-z0-9_=-]{40,}",  # Atlassian
    r"dckr_(?:oat|pat)_[A-Za-z0-9_-]{20,}",  # Docker
    r"rubygems_[a-f0-9]{48}(?![A-Za-z0-9])",
    r"sntry[su]_[A-Za-z0-9+/=_-]{40,}",  # Sentry
    r"fig[do]_[A-Za-z0-9_-]{30,}",  # Figma
    r"PMAK-[a-f0-9]{24}-[a-f0-9]{32,}",  # Postman
    r"pat-(?:eu|na)[0-9]-[A-Za-z0-9-]{32,}",  # HubSpot
    r"(?:AC|SK|key-)[a-f0-9]{32}(?![A-Za-z0-9])",  # Twilio, Mailgun
    r"CFPAT-[A-Za-z0-9_-]{40,}",  # Contentful
    r"EAA[A-Z][A-Za-z0-9]{60,}",  # Facebook
    r"AGE-SECRET-KEY-1[A-Z0-9]{50,}",
    r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",  # JSON Web Token
)
"""Keys and tokens of vendors, by what these have them begin with."""

_TOKEN = re.compile(rf"(?<![A-Za-z0-9_-])(?:{'|'.join(TOKENS)})")

_AUTHORIZATION = re.compile(
    r"(?<![A-Za-z0-9])(?i:basic|bearer)[ \t]{1,4}"
    r"(?P<secret>(?=[A-Za-z0-9._~+/=-]{0,200}(?:[0-9]|[a-z][A-Z]))[A-Za-z0-9._~+/=-]{16,})"
)
"""As in HTTP's headers; what has neither a digit nor a capital letter within it is a word."""

_URL_PASSWORD = re.compile(
    r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s\0/?#:@]{0,200}:"
    r"(?P<secret>(?!\[redacted: )[^\s\0/?#]{1,200})@"
)

_WORDS = "password|passwd|passphrase|passcode|passwort|kennwort|contraseña|mot de passe"
_CALLS_FOR_ONE = rf"{_WORDS}|(?<![a-z0-9])(?:pass|pwd)"
_CALLS_FOR_A_KEY = (
    "(?<![a-z0-9])(?:(?:access|account|api|auth|client|encryption|private|secret|signing)"
    "[_ -]?(?:access[_ -]?)?(?:key|secret|token)|secret|token)"
)

_NAMED_PASSWORD = re.compile(
    rf"(?i:{_CALLS_FOR_ONE})[\"']?\s{{0,4}}[=:]\s{{0,4}}"
    r"(?:\"(?P<double>(?!\[redacted: )[^\0\"\n]{1,200})"
    r"|'(?P<single>(?!\[redacted: )[^\0'\n]{1,200})"
    r"|(?P<bare>(?!\[redacted: )[^\s\0\"'&,;<>]{1,200}))"
)
_NAMED_SECRET = re.compile(
    rf"(?i:{_CALLS_FOR_A_KEY})[\"']?\s{{0,4}}[=:]\s{{0,4}}[\"']?(?!\[redacted: )"
    r"(?P<bare>(?=[^\s\0\"'&,;<>]{0,200}[0-9])[^\s\0\"'&,;<>]{8,200}"
    r"|(?=[^\s\0\"'&,;<>]{0,200}[a-z][A-Z])[^\s\0\"'&,;<>]{12,200})"
)
"""A secret without a digit, or capital letters within it, is a word, as in *token: something that stands for
another thing*."""

NAMES_SECRET = re.compile(rf"(?i).{{0,40}}(?:{_CALLS_FOR_ONE}|{_CALLS_FOR_A_KEY})")
"""What the key of a secret in a map is called, as a whole."""

_KEY_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")

_EMAIL = re.compile(
    r"(?<![\w.%+-])[\w.%+-]{1,64}@(?:[^\W_](?:[\w-]{0,62})\.){1,8}(?:xn--[A-Za-z0-9-]{2,59}|[^\W\d_]{2,24})(?![\w-])"
)


def private_keys(text: str) -> Iterator[Span]:
    """Blocks of private keys; one without an end goes to that of the text."""
    at = 0
    while (begin := _KEY_BEGIN.search(text, at)) is not None:
        end = _KEY_END.search(text, begin.end())
        at = len(text) if end is None else end.end()
        yield begin.start(), at


def _part(pattern: re.Pattern[str], *groups: str) -> Finder:
    """What finds a pattern; of several groups it is the one that matched."""
    if not groups:
        return lambda text: (found.span() for found in pattern.finditer(text))
    return lambda text: (found.span(found.lastgroup or 0) for found in pattern.finditer(text))


FINDERS: tuple[tuple[str, Finder], ...] = (
    ("private_key", private_keys),
    ("token", _part(_TOKEN)),
    ("password", _part(_URL_PASSWORD, "secret")),
    ("token", _part(_AUTHORIZATION, "secret")),
    ("token", _part(_NAMED_SECRET, "bare")),
    ("password", _part(_NAMED_PASSWORD, "double", "single", "bare")),
    ("iban", ibans),
    ("card", cards),
    ("email", _part(_EMAIL)),
)
"""Each kind and how it is found, in turn; what one has found the next ones do not see."""


def findings(text: str) -> list[Finding]:
    """What should not lie about in a text, in its order; no two overlap."""
    found: list[Finding] = []
    unseen = text
    for kind, finder in FINDERS:
        spans = list(finder(unseen))
        if spans:
            found += (Finding(start, end, kind) for start, end in spans)
            unseen = _without(unseen, spans)
    return sorted(found, key=lambda one: one.start)


def _without(text: str, spans: list[Span]) -> str:
    """The text with nothing in the place of each span, and every other place where it was."""
    parts: list[str] = []
    at = 0
    for start, end in spans:
        parts += (text[at:start], NOTHING * (end - start))
        at = end
    return "".join((*parts, text[at:]))
