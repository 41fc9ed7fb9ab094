"""The contract between the PJai daemon and its clients: msgspec, the standard library, and nothing else.

version    the protocol's version and the package's
limits     every limit that a client can meet
errors     one tree of errors, one code each
ids        UUIDv7
endpoints  where daemon and client meet
fields     the types of fields, with their constraints
records    what the tables hold
tables     tables, columns and the query builder
query      the query's syntax tree as it travels
events     every event, by version
chain      the hash chain of the event log
methods    every method: name, params, result, needed scope
envelope   requests, replies and live updates
changes    the difference between two results
feed       rows as they change, for programs that keep a copy
documents  what can be done with the value of a client document
codec      MessagePack to typed structs, and what is wrong with a message that does not fit
document   the AsyncAPI document; `schemas` its JSON Schemas
vectors    test vectors for other languages, made from `examples`
"""
