"""Tests of the client: pure parts alone, the protocol against a fake daemon, all of it against a real one."""
