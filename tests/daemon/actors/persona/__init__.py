"""The persona actor, without a daemon."""
