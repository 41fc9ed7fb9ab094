"""Owns the cutting of a text into passages worth remembering, by heading and paragraph: pure, and lossless.

Every word of the text is in a passage or in the headings above one, in the text's order; only the markup of
headings, rules such as `---` and the white space between passages are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import zip_longest

from markdown_it import MarkdownIt
from msgspec import Struct

from pjai_wire import limits

TEXT_CHARACTERS_MAX = 2_000
"""The longest passage, but for a private key; a longer paragraph becomes several."""

SUMMARY_CHARACTERS_MAX = 300

MARKDOWN_SUFFIXES = (".md", ".markdown", ".mdx")

HEADING_SEPARATOR = " > "

_PARAGRAPHS = re.compile(r"\n[^\S\n]*\n")
_RULE = re.compile(r"[-*_=~\s]*")
_WORD = re.compile(r"[^\W_]+")
_NEWLINE = re.compile(r"\r\n?")

_SENTENCE_END = re.compile(r"[.!?\u2026][\"'\u201d\u2019)\]]*\s+|[\u3002\uff01\uff1f]")
"""The last three are the full-width ones of Chinese and Japanese, which no space follows."""

_LINE_END = re.compile(r"\n+")
_SPACE = re.compile(r"\s+")

KEY_CHARACTERS_MAX = 20_000
"""The longest private key that stays whole: half of one is not known for what it is."""

_KEY_BEGIN = re.compile(r"^[ \t>]*-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[ \t]*$", re.MULTILINE)
_KEY_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY = re.compile(
    rf"{_KEY_BEGIN.pattern}(?:(?!-----BEGIN |-----END )[\s\S]){{0,{KEY_CHARACTERS_MAX}}}{_KEY_END.pattern}",
    re.MULTILINE,
)

_blocks_of = MarkdownIt("commonmark").enable("table").disable("inline").parse


class Passage(Struct, frozen=True):
    """A part of a text that can be understood, and found, by itself."""

    name: str
    """The headings above it, or where there are none what the text is called."""
    summary: str
    """Its first sentences."""
    heading: tuple[str, ...]
    """The headings above it, outermost first."""
    text: str
    position: int
    """How many passages come before it."""


class _Section(Struct):
    """A heading and the paragraphs directly under it."""

    level: int
    heading: tuple[str, ...]
    paragraphs: list[str]

    @property
    def has_text(self) -> bool:
        """Whether there is a word under the heading before the next one."""
        return not all(map(_RULE.fullmatch, self.paragraphs))


def cut(file_name: str, text: str) -> list[Passage]:
    """The passages of a text, in its order.

    Args:
        file_name: its ending tells Markdown from plain text, its stem names what has no heading.
        text: what the file holds.
    """
    stem, dot, suffix = file_name.rpartition(".")
    text = _NEWLINE.sub("\n", text)
    is_markdown = f".{suffix.lower()}" in MARKDOWN_SUFFIXES
    sections = _markdown_sections(text) if is_markdown else [_Section(0, (), _PARAGRAPHS.split(text))]
    parts = [
        (section.heading, piece)
        for section in sections
        for paragraph in _with_whole_keys(section.paragraphs)
        if not _RULE.fullmatch(paragraph)
        for piece in _around_keys(paragraph)
    ]
    return [
        Passage(
            name=_name(heading, stem if dot and stem else file_name),
            summary=next(pieces(" ".join(part.split()), SUMMARY_CHARACTERS_MAX)),
            heading=heading,
            text=part,
            position=position,
        )
        for position, (heading, part) in enumerate(parts)
    ]


def tags_of(file_name: str) -> list[str]:
    """The words of a file's name without its ending, in lower case."""
    stem, dot, _ = file_name.rpartition(".")
    words = _WORD.findall((stem if dot and stem else file_name).lower())
    return list(dict.fromkeys(word[: limits.TAG_CHARACTERS_MAX] for word in words))[: limits.TAGS_MAX]


def pieces(text: str, characters_max: int) -> Iterator[str]:
    """The text in pieces, none empty or longer than `characters_max`; nothing but white space is lost.

    Each ends with a sentence; where one is too long, with a line, else with a word, else where it must.
    """
    rest = text.strip()
    while len(rest) > characters_max:
        end = _end(rest, characters_max)
        yield rest[:end].rstrip()
        rest = rest[end:].lstrip()
    if rest:
        yield rest


def _with_whole_keys(paragraphs: Iterable[str]) -> list[str]:
    """The paragraphs, but that no empty line within a private key parts it."""
    told: list[str] = []
    opened: list[str] = []
    """Paragraphs from one in which a key begins on, until one in which it ends."""
    size = 0
    for paragraph in paragraphs:
        size += len(paragraph)
        begins = _KEY_BEGIN.search(paragraph) is not None
        ends = _KEY_END.search(paragraph) is not None
        if opened and ends and not begins:
            opened.append(paragraph)
            told.append("\n\n".join(one.strip("\n") for one in opened))
            opened = []
        elif opened and not begins and size <= KEY_CHARACTERS_MAX:
            opened.append(paragraph)
        else:
            told += opened
            opened, size = [paragraph] if begins and not ends else [], len(paragraph)
            told += [] if opened else [paragraph]
    return told + opened


def _around_keys(paragraph: str) -> Iterator[str]:
    """The pieces of a paragraph; a private key is one, however long."""
    at = 0
    for key in _KEY.finditer(paragraph):
        yield from pieces(paragraph[at : key.start()], TEXT_CHARACTERS_MAX)
        yield key[0]
        at = key.end()
    yield from pieces(paragraph[at:], TEXT_CHARACTERS_MAX)


def _end(text: str, characters_max: int) -> int:
    for boundary in (_SENTENCE_END, _LINE_END, _SPACE):
        # One character more: the white space after the last one that fits may be the boundary.
        ends = [found.end() for found in boundary.finditer(text, 0, characters_max + 1)]
        if ends:
            return min(ends[-1], characters_max)
    return characters_max


def _name(heading: tuple[str, ...], otherwise: str) -> str:
    name = HEADING_SEPARATOR.join(heading) or otherwise
    over = len(name) - limits.NAME_CHARACTERS_MAX
    # The innermost heading tells most.
    return f"…{name[over + 1 :]}" if over > 0 else name


def _markdown_sections(text: str) -> list[_Section]:
    lines = text.split("\n")
    tokens = _blocks_of(text)
    sections = [_Section(0, (), [])]
    above: list[tuple[int, str]] = []
    begin = 0
    for index, token in enumerate(tokens):
        if token.level or token.map is None:
            continue
        first, end = token.map
        # Link definitions belong to no block: they stay with the paragraph above them.
        sections[-1].paragraphs.append("\n".join(lines[begin:first]))
        begin = first
        if token.type == "heading_open":
            level, title = int(token.tag[1:]), " ".join(tokens[index + 1].content.split())
            above = [*(one for one in above if one[0] < level), (level, _short(title))]
            sections.append(_Section(level, tuple(name for _, name in above if name), []))
            if len(title) > limits.NAME_CHARACTERS_MAX:
                sections[-1].paragraphs.append(title)
            begin = end
    sections[-1].paragraphs.append("\n".join(lines[begin:]))
    _keep_lone_headings(sections)
    return sections


def _keep_lone_headings(sections: list[_Section]) -> None:
    """Makes a heading that has neither text nor headings under it a text of its own."""
    for section, following in zip_longest(sections, sections[1:]):
        is_last = following is None or following.level <= section.level
        if section.heading and is_last and not section.has_text:
            section.paragraphs.append(section.heading[-1])


def _short(title: str) -> str:
    over = len(title) > limits.NAME_CHARACTERS_MAX
    return f"{title[: limits.NAME_CHARACTERS_MAX - 1]}…" if over else title
