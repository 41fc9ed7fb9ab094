"""Owns the finding of card numbers and IBANs in texts, by their check digits (pure).

Sources: ISO/IEC 7812-1, annex B (the Luhn formula); ISO 13616-1 with the IBAN registry (lengths, mod 97).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import accumulate

CARD_DIGITS_MIN, CARD_DIGITS_MAX = 13, 19

Span = tuple[int, int]

_BLANKS = " \u00a0\u2007\u2009\u202f\u2010-\u2013"
"""What parts groups of digits beside points and hyphens: blanks that do not break, typographers' hyphens."""

_DIGITS = re.compile(rf"(?<![0-9A-Za-z_])[0-9]++(?![A-Za-z_])(?:[{_BLANKS}.-][0-9]++(?![A-Za-z_]))*+")
_GROUP = re.compile(r"[0-9]+")

_ISSUER = re.compile(r"2(?:20[0-4]|22[1-9]|2[3-9]|[3-6]|7[01]|720)|3(?:0[0-59]|[4-9])|4|5[0-8]|6")
"""What cards begin with: the networks' ranges in ISO/IEC 7812. Years, dates and present instants do not."""

GROUP_DIGITS_MIN = 4
"""In each group of a card number but its last. Dates, phone numbers and lists have shorter ones."""

_DOUBLED = tuple(sum(divmod(2 * digit, 10)) for digit in range(10))

_IBAN = re.compile(rf"(?<![0-9A-Za-z])(?P<country>[A-Za-z]{{2}})[0-9]{{2}}(?=[{_BLANKS}-]?[0-9A-Za-z])")

_BETWEEN = re.compile(f"[{_BLANKS}-]")

IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH CR HR LI LV",
        22: "BG BH DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}
"""How many characters an IBAN of a country has."""


def cards(text: str) -> Iterator[Span]:
    """Where card numbers stand: 13 to 19 digits, also in groups of four or more parted by one character."""
    for run in _DIGITS.finditer(text):
        if run.end() - run.start() >= CARD_DIGITS_MIN:
            yield from _cards_in(text, run.start(), run.end())


def _cards_in(text: str, start: int, end: int) -> Iterator[Span]:
    """As `cards`, in a run of digits; a number begins and ends with a group."""
    groups = [group.span() for group in _GROUP.finditer(text, start, end)]
    digits = [int(character) for character in text[start:end] if character.isdigit()]
    begins = list(accumulate((stop - first for first, stop in groups), initial=0))
    # The sum that doubles every other digit, from the first and from the second: so any part of the run
    # is held against the formula in one step.
    sums = tuple(
        list(
            accumulate(
                (_DOUBLED[digit] if place % 2 == parity else digit for place, digit in enumerate(digits)),
                initial=0,
            )
        )
        for parity in (0, 1)
    )
    taken = 0
    for first, (group_start, _) in enumerate(groups):
        if first < taken or _ISSUER.match(text, group_start) is None:
            continue
        for last in range(first, len(groups)):
            low, high = begins[first], begins[last + 1]
            if high - low > CARD_DIGITS_MAX:
                break
            # The last digit is not doubled.
            doubled = sums[high % 2]
            if high - low >= CARD_DIGITS_MIN and (doubled[high] - doubled[low]) % 10 == 0:
                taken = last + 1
                yield group_start, groups[last][1]
                break
            if begins[last + 1] - begins[last] < GROUP_DIGITS_MIN:
                break


def ibans(text: str) -> Iterator[Span]:
    """Where IBANs stand, also in groups parted by blanks or hyphens, in capital letters or not."""
    for begin in _IBAN.finditer(text):
        length = IBAN_LENGTHS.get(begin["country"].upper())
        if length is None:
            continue
        found = _of_length(length).match(text, begin.start())
        if found is not None and is_iban(_BETWEEN.sub("", found[0])):
            yield found.span()


def is_iban(number: str) -> bool:
    """Whether the check digits of an IBAN, without blanks, are right."""
    return int("".join(str(int(character, 36)) for character in number[4:] + number[:4])) % 97 == 1


@cache
def _of_length(length: int) -> re.Pattern[str]:
    return re.compile(rf"[A-Za-z]{{2}}[0-9]{{2}}(?:[{_BLANKS}-]?[0-9A-Za-z]){{{length - 4}}}(?![0-9A-Za-z])")
