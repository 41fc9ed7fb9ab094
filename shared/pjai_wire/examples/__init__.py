"""Examples of every message, as typed objects: the test vectors are made of them.

story       the ids, instants and records that the examples are about
events      an event of each kind
exchange    what an example of a request or a reply is
requests    requests of each method
replies     results of each method
persona     both, of the persona actor's methods
memory      both, of the memory steward's
embedder    both, of the embedder's
search      both, of the methods that search
embedding   both, of those by which texts are given vectors
optimising  both, of those about query shapes and indexes
updates     what a topic publishes
unusual     bytes that another encoder may send for the same meaning
refused     bytes that are refused, and with which error
"""
