"""Tests of the house itself: its arrows, and how its rooms are kept."""
