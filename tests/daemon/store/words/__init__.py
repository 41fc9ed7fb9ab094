"""Mirrors `pjaid.store.words`."""
