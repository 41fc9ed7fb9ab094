"""Tests of what is measured in place."""
