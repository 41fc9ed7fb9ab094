"""Owns the search by words: what is indexed of a text, how it is asked for, and what is found."""
