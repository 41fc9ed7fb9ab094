"""Owns the live queries: which of them a commit touches, and how their results change."""
