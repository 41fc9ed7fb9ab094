"""Owns what the server that actors are forked from does once: imported last, when all else is there."""

from __future__ import annotations

import gc

from pjaid.supervisor.standing_back import stand_back

# What was imported stays: a collector that looks at it would write to pages that all actors share.
gc.freeze()

# It inherits to those that it forks, who take their turn again once they serve.
stand_back()
