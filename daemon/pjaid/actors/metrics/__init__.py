"""Owns the metrics actor: what was measured becomes points, and is told to Prometheus where that asks."""
