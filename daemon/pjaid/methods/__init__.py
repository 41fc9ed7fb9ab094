"""Owns what each method of the contract does: from a request to its answer. It knows no sockets.

router     the envelope: which method, which version, and every error as an answer
clients    who asks
data       query, count, get, commit, events
watching   watch, unwatch, resync
insight    explain, live
documents  document_get, document_set
upkeep     hello, health, rebuild
secrets    secret_seal, secret_open
storage    storage
"""
