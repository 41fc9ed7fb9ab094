"""Owns the calls of methods that actors serve: each from its caller to an actor, and its outcome back."""
