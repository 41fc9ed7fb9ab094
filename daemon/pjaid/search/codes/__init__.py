"""Owns the search by vectors: compact codes of them in memory, and the nearest to a vector.

A vector is kept as int8 codes and a weight. Codes are scanned with SIMD, all of those that may be found; the
best are compared once more by the vectors as they are stored. Only `codes.codes` may be imported before
anybody searches: the others load numpy.
"""
