"""Owns searching: what is sought, how rankings become one, and what goes into a prompt."""
