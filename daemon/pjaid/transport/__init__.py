"""Owns the two sockets: ROUTER for requests, XPUB for changes. It knows no SQL."""
