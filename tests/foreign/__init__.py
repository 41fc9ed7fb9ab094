"""Tests with clients that share nothing with PJai but the protocol."""
