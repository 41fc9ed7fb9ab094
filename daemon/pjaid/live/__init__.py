"""Owns the live queries and searches: which of them a commit touches, and how their results change."""
