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
_CALLS_FOR_ONE = rf"(?i:{_WORDS}|(?<![a-z0-9])(?:pass|pwd))|(?<=[a-z0-9])(?:Pass|Pwd)"
_OF_WHAT = (
    "access|account|api|app|auth|bot|client|encryption|jwt|private|refresh|secret|session|signing|webhook"
)
_CALLS_FOR_A_KEY = (
    rf"(?i:(?<![a-z0-9])(?:(?:{_OF_WHAT})[_ -]?(?:access[_ -]?)?(?:key|secret|token)s?"
    "|secret|token)(?:_base)?)"
    "|(?<=[a-z0-9])(?:(?:Access|Account|Api|Auth|Client|Encryption|Private|Secret|Signing)Key|Secret|Token)"
)
"""Also as the hump of a camel, as in `stripeSecret`."""

_YAML_BLOCK = r"[|>][0-9+-]{0,2}[ \t]{0,4}(?:\#[^\n\0]{0,200})?\n"
_IS = (
    r"\\?[\"']?\s{0,4}(?::=|=>|={1,3}(?![=>])|:(?!=))\s{0,4}"
    rf"(?:{_YAML_BLOCK}\s{{1,80}}|(?!{_YAML_BLOCK}))"
)
"""Without a group that gives nothing back: Python 3.11 matched those wrongly before 3.11.5."""
_CHARACTER = r"(?:(?!\\[\"']|\[redacted: )[^\s\0\"'&,;<>])"

_NAMED_PASSWORD = re.compile(
    rf"(?:{_CALLS_FOR_ONE}){_IS}"
    r"(?:\"(?P<double>(?!\[redacted: )(?:[^\0\"\n]++(?=\")|[^\0\"\n]{1,200}))"
    r"|'(?P<single>(?!\[redacted: )(?:[^\0'\n]++(?=')|[^\0'\n]{1,200}))"
    r"|\\\"(?P<escaped>(?!\[redacted: )(?:[^\0\"\\\n]|\\(?!\"))+)"  # JSON in a text of JSON
    rf"|(?P<bare>(?!\[redacted: ){_CHARACTER}+))"
)
_NAMED_SECRET = re.compile(
    rf"(?:{_CALLS_FOR_A_KEY}){_IS}\\?[\"']?(?!\[redacted: )"
    rf"(?P<bare>(?={_CHARACTER}{{0,200}}[0-9]){_CHARACTER}{{8,}}"
    rf"|(?={_CHARACTER}{{0,200}}[a-z][A-Z]){_CHARACTER}{{12,}})"
)
"""A secret without a digit, or capital letters within it, is a word, as in *token: something that stands for
another thing*."""

NAMES_SECRET = re.compile(rf".{{0,40}}(?:{_CALLS_FOR_ONE}|{_CALLS_FOR_A_KEY})")
"""What the key of a secret in a map is called, as a whole."""

_KEY_MARK = re.compile(r"-----(?P<which>BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_LINE = re.compile(r"[ \t]*[A-Za-z0-9+/=]+[ \t\r]*")

_EMAIL = re.compile(
    r"(?<![\w.%+-])(?!git@[\w.-]{1,200}:)[\w.%+-][\w.%+'-]{0,63}@(?:[^\W_](?:[\w-]{0,62})\.){1,8}(?:xn--[A-Za-z0-9-]{2,59}|[^\W\d_]{2,24})(?![\w-])"
)


def private_keys(text: str) -> Iterator[Span]:
    """Blocks of private keys; one without an end goes to that of the text, of one without a beginning all."""
    at, begin = 0, None
    for mark in _KEY_MARK.finditer(text):
        if mark["which"] == "BEGIN":
            begin = mark.start() if begin is None else begin
        else:
            yield _lines_before(text, at, mark.start()) if begin is None else begin, mark.end()
            at, begin = mark.end(), None
    if begin is not None:
        yield begin, len(text)


def _lines_before(text: str, floor: int, end: int) -> int:
    """Where the lines of a key begin that stand before its end, in a text that was cut out of another."""
    begin = end
    while begin > floor:
        line = max(floor, text.rfind("\n", floor, begin - 1) + 1)
        if _KEY_LINE.fullmatch(text, line, begin - (text[begin - 1] == "\n")) is None:
            break
        begin = line
    return begin


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
