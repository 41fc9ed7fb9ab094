"""Owns search by meaning out of the box: a vector for each word piece, summed up.

table     the file `all-MiniLM-L6-v2.table`, and how it is read
distil    how that file is made of the model's weights
embedder  what the table makes of texts

The table is derived from all-MiniLM-L6-v2 of the sentence-transformers project, which is under the Apache
License 2.0; see `NOTICE` beside it.
"""
