"""Tests of the calls of methods that actors serve."""
