"""Tests of what links bring to a search."""

from __future__ import annotations

from pjaid.search.links import LINK_DAMPING, Link, Linked, linked


def test_a_linked_memory_has_a_part_of_the_score_of_its_hit() -> None:
    assert linked({1: 0.8}, [Link(hit=1, row=9, weight=0.5)]) == [Linked(9, 0.8 * 0.5 * LINK_DAMPING, 1)]


def test_a_hit_is_not_linked_again() -> None:
    assert linked({1: 0.8, 2: 0.7}, [Link(hit=1, row=2, weight=1.0)]) == []


def test_of_several_links_the_best_counts() -> None:
    links = [
        Link(hit=1, row=9, weight=0.2),
        Link(hit=2, row=9, weight=1.0),
        Link(hit=3, row=9, weight=1.0),
        Link(hit=1, row=8, weight=1.0),
    ]
    assert linked({1: 0.8, 2: 0.6, 3: 0.6}, links) == [
        Linked(8, 0.8 * LINK_DAMPING, 1),
        Linked(9, 0.6 * LINK_DAMPING, 2),
    ]
