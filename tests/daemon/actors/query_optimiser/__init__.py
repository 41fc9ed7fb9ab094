"""Tests of the query optimiser's pure core."""
