"""Owns the memory steward: what is remembered through it, and the care for what is remembered."""

from __future__ import annotations

from pjai.actor import Actor, Permissions

memory = Actor("memory", may=Permissions(methods=("query", "count", "get", "commit"), events=()))
