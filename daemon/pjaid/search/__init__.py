"""Owns searching: what is sought, how rankings become one, and what goes into a prompt.

asked        what a search means, checked before anything is read
meaning      vectors of what is searched for (dense_query says of which of its words)
codes        the rows nearest to a vector
fusion       how rankings by words and by meaning become one (pure)
choosing     the hits among what was ranked: signals, links, and diversity by likeness
showing      what is answered of them
searches     the running of all this
recalling    a search whose hits become a prompt, of as many tokens as there may be
"""
