"""Tests of a real daemon, as a whole."""
