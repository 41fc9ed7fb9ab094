"""Owns what the embedder's work needs, numpy among it: imported once, where its process is forked from."""

from __future__ import annotations

import os

# The threads of numpy's OpenBLAS would spin for 50 ms when they begin, for products that need none.
# It reads this when it is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from pjaid.actors.embedder.choosing import chosen
from pjaid.actors.embedder.work import Work

__all__ = ["Work", "chosen"]
