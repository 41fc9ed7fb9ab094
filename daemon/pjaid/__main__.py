"""Lets `python -m pjaid` be `pjaid`."""

import sys

from pjaid.command import main

sys.exit(main())
