"""Owns the search by words: what is indexed of a text, how it is asked for, and what is found.

texts       what is indexed of a text (pure), for SQLite's tokenizer
index       which tables and columns are searched
keeping     how the indexes follow what is written, with SQL functions
question    the query language (pure); prefixes completes beginnings of words
filters     which rows may be found
hits        what is found by words, each turn with its neighbours (neighbours, threads)
substring   what is found by any part of a text
snippets    what shows why a row was found (passages)
"""
