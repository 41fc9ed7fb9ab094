"""Tests of the memory steward's rules; those of the running actor are in `tests/system`."""
