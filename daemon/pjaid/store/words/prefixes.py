"""Owns how beginnings of words find words whose endings the index has taken off (pure).

The index knows `organization` as `organ`, which does not begin with `organiz`. So what is sought by a
beginning is sought by whole words too, each a way in which an ending of Porter's ("An algorithm for suffix
stripping", 1980) may complete it, one for each stem that the beginning itself does not find.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import structs

from pjaid.store.words.question import Joined, Part, Question, Term

Stems = Callable[[str], Sequence[str]]
"""The words of a text as they are indexed."""

_ENDINGS = """
s es ies ed ing e y al ally ance ancy ence ency er ic ical able ably ible ibly ant ement ment ent ently ely
ion ism ity ate ous ously ive ize izer ization ational tional ation ator alism iveness fulness ousness ality
ivity bility icate ative alize icity ful ness
"""
_TAILS = sorted({ending[at:] for ending in _ENDINGS.split() for at in range(len(ending))})
"""A beginning may end within an ending."""


def completed(question: Question, stems: Stems) -> Question:
    """A question whose beginnings of words find all that begins so."""
    if question.whole is None:
        return question
    terms = tuple(_term(term, stems) for term in question.terms)
    return structs.replace(question, whole=_part(question.whole, stems), terms=terms)


def _part(part: Part, stems: Stems) -> Part:
    if isinstance(part, Term):
        return _term(part, stems)
    return Joined(part.operator, tuple(_part(member, stems) for member in part.parts))


def _term(term: Term, stems: Stems) -> Term:
    if not term.is_prefix:
        return term
    words = dict.fromkeys(word for phrase in term.phrases for word in _completions(phrase, stems))
    return structs.replace(term, completions=tuple(words))


def _completions(phrase: str, stems: Stems) -> list[str]:
    """The phrase with its last word completed, in each way that finds others."""
    before, _, last = phrase.rpartition(" ")
    if not (last.isascii() and last.isalpha()):
        return []
    found = stems(last)[-1]
    ways = [last + tail for tail in _TAILS]
    by_stem = dict(zip(stems(" ".join(ways)), ways, strict=True))
    return [f"{before} {way}".strip() for stem, way in by_stem.items() if not stem.startswith(found)]
