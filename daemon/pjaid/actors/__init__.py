"""Owns the actors that come with the daemon: each a client in a process of its own, without key or file.

What several of them do alike is beside them: pace.
"""
