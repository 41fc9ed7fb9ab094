"""Tests of the metrics actor."""
