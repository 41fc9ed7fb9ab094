"""Tests of the watch over actors."""
