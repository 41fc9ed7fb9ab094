"""Tests of the actors that come with the daemon."""
