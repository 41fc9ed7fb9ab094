"""Owns the query language: what a text asks for, and how FTS5 is asked for it (pure).

Plain text asks for rows that have any of its words; stop words count where there is nothing else. A quotation
mark, an asterisk behind a word, or one of `AND`, `OR` and `NOT` in capitals makes it the query language:

    "sour dough"            these words, one after the other
    ferment*                words that begin so; also behind a phrase
    bread yeast             any of these
    bread AND yeast         both
    bread NOT yeast         the first without the second
    bread AND (rye OR oat)  parentheses group; NOT and AND bind closer than OR, words side by side closest

Nothing of the text reaches FTS5 but words in quotation marks.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from msgspec import Struct

from pjai_wire import limits
from pjai_wire.errors import InvalidSearch, LimitExceeded
from pjaid.store.words.texts import PERSONA_MARK, UNSPACED, parts_of, searchable

_STOP_WORDS = """
a about after all also am an and any are as at be been before being but by can could d did do does doing for
from had has have having he her hers him his how i if in into is it its just ll m me might more most my no
not of on one or our out over re s she should so some such t than that the their them then there these they
this those through to too under up us ve very was we were what when where which while who whom whose why
will with would you your
"""

STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Of English, with what apostrophes leave of its words."""

_BETWEEN = (
    r"\s!-/:-@\[-^`{-~\u00a1-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf"
    r"\u2000-\u206f\u3000-\u3003\u3008-\u3020\u30fb\uff01-\uff0f\uff1a-\uff20\uff3b-\uff3e\uff5b-\uff65"
)
"""What stands between words. A character that is not among it, and in no word either, is left to FTS5."""

_WORD = rf"[^{_BETWEEN}]+(?:(?:\.(?=[0-9])|::|@)[^{_BETWEEN}]+)*"
WORDS_IN_TEXT = re.compile(_WORD)
"""Finds the words of a text; one may be several to the index."""

_OPERATOR = rf"(?<![^{_BETWEEN}])(?:AND|OR|NOT)(?![^{_BETWEEN}])"
_TOKEN = re.compile(
    rf'(?P<sign>[()]|{_OPERATOR})|(?:"(?P<phrase>[^"]*)"|(?P<word>{_WORD}))(?P<star>\*?)|(?P<lone>")'
)
_IS_LANGUAGE = re.compile(rf'"|[^{_BETWEEN}]\*|{_OPERATOR}')
_UNUSABLE = re.compile(f"[\x00\ud800-\udfff{PERSONA_MARK}]")
"""What ends a text for SQLite, what is no character, and what nobody else may ask for."""

_VERSION = re.compile(r"(?P<v>[vV]?)(?P<number>[0-9]+(?:\.[0-9][0-9A-Za-z]*)+)")
"""As `v1.2.3`: to the index `v1` is one word."""

_UNSPACED_RUN = re.compile(f"{UNSPACED}+")


class Term(Struct, frozen=True):
    """A word or a phrase."""

    phrases: tuple[str, ...]
    """Any of which will do; as they are indexed."""
    is_prefix: bool = False
    """Whether the last word may go on."""
    completions: tuple[str, ...] = ()
    """Phrases that will do as well, as the last word goes on so (`prefixes`)."""

    @property
    def expression(self) -> str:
        """As FTS5 has it."""
        tail = " *" if self.is_prefix else ""
        quoted = [
            *(f'"{phrase}"{tail}' for phrase in self.phrases),
            *(f'"{one}"' for one in self.completions),
        ]
        return quoted[0] if len(quoted) == 1 else f"({' OR '.join(quoted)})"


class Joined(Struct, frozen=True):
    """Parts of a question, joined by an operator."""

    operator: Literal["AND", "OR", "NOT"]
    parts: tuple[Part, ...]

    @property
    def expression(self) -> str:
        """As FTS5 has it."""
        return f"({f' {self.operator} '.join(part.expression for part in self.parts)})"


Part = Term | Joined


class Question(Struct, frozen=True):
    """What is asked for."""

    whole: Part | None
    """None where there is no word in it, so that nothing can be found."""
    terms: tuple[Term, ...]
    """What makes a row fit, each once; not what it must lack."""
    is_any: bool
    """Whether any of the terms will do, so that each may be looked for by itself."""
    is_plain: bool = False
    """Whether its terms are the words of a plain text, so that nobody chose how many there are."""

    @property
    def expression(self) -> str:
        """As FTS5 has it; empty where there is nothing to look for."""
        return "" if self.whole is None else self.whole.expression


def parse(text: str) -> Question:
    """What a text asks for, plain or in the query language.

    Raises:
        InvalidSearch: it is in the query language, and wrong.
        LimitExceeded: it has too many words, or parentheses that are too deep.
    """
    text = _usable(text)
    if not _IS_LANGUAGE.search(text):
        return plain(text)
    return _question(_Reader(text).whole())


def plain(text: str) -> Question:
    """What a text asks for whose every character is meant as it stands.

    Of a long one, such as a whole message, the first words count: nobody has chosen how many it has.
    """
    words = [match[0] for match in WORDS_IN_TEXT.finditer(_usable(text)) if _has_words(match[0])]
    telling = [word for word in words if not _is_stop_word(word)] or words
    terms = dict.fromkeys(map(_term, telling))
    return any_of(tuple(itertools.islice(terms, limits.SEARCH_WORDS_MAX)))


def any_of(terms: tuple[Term, ...]) -> Question:
    """A question for the words of a plain text, each once."""
    return Question(_joined("OR", terms) if terms else None, terms, is_any=bool(terms), is_plain=True)


def term_of(word: str) -> Term | None:
    """A word or a phrase as a term, whatever characters it has; None where there is no word in it."""
    word = _usable(word).strip()
    return _term(word) if _has_words(word) else None


Kind = Literal["phrase", "word", "sign"]


class _Token(NamedTuple):
    kind: Kind
    text: str
    is_prefix: bool
    at: int


class _Reader:
    """Reads the query language, by recursive descent."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._next = 0
        self._depth = 0

    def whole(self) -> Part | None:
        if not self._tokens:
            return None
        part = self._alternatives()
        if self._next < len(self._tokens):
            raise InvalidSearch("a closing parenthesis has no opening one", hint=self._place())
        return part

    def _alternatives(self) -> Part:
        parts = [self._conjunction()]
        while self._takes("OR"):
            parts.append(self._conjunction())
        return _joined("OR", parts)

    def _conjunction(self) -> Part:
        """All of some parts, and none of others."""
        all_of = [self._side_by_side()]
        none_of: list[Part] = []
        while True:
            if self._takes("AND"):
                parts = none_of if self._takes("NOT") else all_of
            elif self._takes("NOT"):
                parts = none_of
            else:
                break
            parts.append(self._side_by_side())
        wanted = _joined("AND", all_of)
        return Joined("NOT", (wanted, _joined("OR", none_of))) if none_of else wanted

    def _side_by_side(self) -> Part:
        """Words, phrases and parentheses, any of which will do."""
        parts: list[Part] = []
        telling: list[Part] = []
        while (token := self._peeked()) is not None and (token.kind != "sign" or token.text == "("):
            self._next += 1
            is_group = token.kind == "sign"
            part = self._parenthesis() if is_group else _term(token.text, is_prefix=token.is_prefix)
            parts.append(part)
            if token.kind != "word" or token.is_prefix or not _is_stop_word(token.text):
                telling.append(part)
        if not parts:
            raise InvalidSearch(
                "words are missing", hint=f"AND, OR and NOT stand between words: look {self._place()}"
            )
        return _joined("OR", telling or parts)

    def _parenthesis(self) -> Part:
        self._depth += 1
        if self._depth > limits.SEARCH_DEPTH_MAX:
            raise LimitExceeded(f"parentheses nest at most {limits.SEARCH_DEPTH_MAX} deep")
        part = self._alternatives()
        if not self._takes(")"):
            raise InvalidSearch("a parenthesis is not closed", hint=self._place())
        self._depth -= 1
        return part

    def _peeked(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _takes(self, sign: str) -> bool:
        token = self._peeked()
        if token is None or (token.kind, token.text) != ("sign", sign):
            return False
        self._next += 1
        return True

    def _place(self) -> str:
        token = self._peeked()
        return "at the end" if token is None else f"at character {token.at + 1}"


def _tokens(text: str) -> Iterator[_Token]:
    """The tokens of a text, without phrases in which there is no word."""
    for match in _TOKEN.finditer(text):
        at = match.start()
        if match["lone"]:
            raise InvalidSearch("a quotation mark is not closed", hint=f"the one at character {at + 1}")
        if (sign := match["sign"]) is not None:
            yield _Token("sign", sign, is_prefix=False, at=at)
        elif _has_words(words := match["phrase"] or match["word"] or ""):
            kind: Kind = "word" if match["phrase"] is None else "phrase"
            yield _Token(kind, words, is_prefix=bool(match["star"]), at=at)


def _usable(text: str) -> str:
    text = _UNUSABLE.sub(" ", text)
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _has_words(text: str) -> bool:
    """Whether anything of a text is indexed."""
    return any(map(str.isalnum, searchable(text)))


def _is_stop_word(word: str) -> bool:
    return word.casefold() in STOP_WORDS


def _term(text: str, *, is_prefix: bool = False) -> Term:
    """A word or a phrase as a term."""
    text = text.strip()
    if parts := parts_of(text):
        return Term((text, parts), is_prefix)
    if version := _VERSION.fullmatch(text):
        other = version["number"] if version["v"] else f"v{text}"
        return Term((text, other), is_prefix)
    phrase = searchable(text).replace('"', " ").strip()
    # From the end: a search forward would begin anew at each character of a long run.
    run = _UNSPACED_RUN.match(text[::-1])
    if run is None:
        return Term((phrase,), is_prefix)
    if len(run[0]) > 1:
        # The run may go on where the phrase is found, so that its last character is not the last there.
        return Term((phrase.rpartition(" ")[0],))
    return Term((phrase,), is_prefix=True)


def _joined(operator: Literal["AND", "OR"], parts: Sequence[Part]) -> Part:
    """Parts joined, each once."""
    each = tuple(dict.fromkeys(parts))
    return each[0] if len(each) == 1 else Joined(operator, each)


def _question(whole: Part | None) -> Question:
    leaves = [] if whole is None else list(_leaves(whole))
    if len(leaves) > limits.SEARCH_WORDS_MAX:
        raise LimitExceeded(f"a search has at most {limits.SEARCH_WORDS_MAX} words")
    sought = dict.fromkeys(term for term, is_sought in leaves if is_sought)
    return Question(whole, tuple(sought), is_any=whole is not None and _is_any(whole))


def _leaves(part: Part, *, is_sought: bool = True) -> Iterator[tuple[Term, bool]]:
    """The terms of a part, and whether they make a row fit."""
    if isinstance(part, Term):
        yield part, is_sought
        return
    first, *others = part.parts
    yield from _leaves(first, is_sought=is_sought)
    for other in others:
        yield from _leaves(other, is_sought=is_sought == (part.operator != "NOT"))


def _is_any(part: Part) -> bool:
    return isinstance(part, Term) or (part.operator == "OR" and all(map(_is_any, part.parts)))
