"""Tests of the command `pjai`, against a real daemon."""
