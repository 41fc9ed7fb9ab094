"""What the steward tells of its work while it is at it, and after."""

from __future__ import annotations

import pytest

from pjaid.actors.memory_steward.progress import Progress


def test_a_clean_up_is_told_apart_from_those_before_it() -> None:
    progress = Progress(expired=3, purged=2, archived=1)
    with progress.of_a_clean_up(7) as done:
        assert (progress.is_cleaning, progress.cleaned_at) == (True, None)
        progress.purged += 5
        assert (done().expired, done().purged) == (0, 5)
        progress.unlinked += 1
    assert (progress.is_cleaning, progress.cleaned_at) == (False, 7)
    assert (done().expired, done().purged, done().archived, done().unlinked) == (0, 5, 0, 1)
    assert (progress.expired, progress.purged) == (3, 7)


def test_a_clean_up_that_ended_early_is_still_due() -> None:
    progress = Progress(cleaned_at=1)
    with pytest.raises(ConnectionError), progress.of_a_clean_up(7):
        raise ConnectionError
    assert (progress.is_cleaning, progress.cleaned_at) == (False, 1)


def test_what_is_left_to_try_is_nothing_once_a_pass_is_over() -> None:
    progress = Progress()
    with progress.of_packing(100):
        progress.tried(40, 10)
        assert (progress.to_pack, progress.packed, progress.left_plain) == (50, 40, 10)
        # More were remembered meanwhile.
        progress.tried(60, 0)
        assert progress.to_pack == 0
    with pytest.raises(ConnectionError), progress.of_packing(100):
        raise ConnectionError
    assert (progress.to_pack, progress.packed, progress.left_plain) == (0, 100, 10)
