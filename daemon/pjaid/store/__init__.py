"""Owns the encrypted database: keys, event log, materializers and queries. It knows no sockets."""
