"""The benchmark: a fixed workload through the SDK against a live daemon, each figure beside its floor.

    data, words   the data set, made of a seed
    loading       how it comes into the store
    questions     the queries, and the parameters that are drawn for them
    bench         the daemon under test, and what every measurement has at hand
    processes     the processes of a run: started, weighed and ended
    echo, floors  the floors: a bare ZeroMQ echo, the same SQL in process, a bare fdatasync
    timing        runs of an operation and its floors in turns, and how they spread
    reading       q1 q2 q5 q6; the first three also where no answer is kept: q1_cold q2_cold q5_cold
    caching       cache: how many of q1, q2 and q5 are answered from memory
    core          core: a commit in the live core, with nothing before and behind it
    writing       w1 w2 w3
    reacting      r1, and r2 and r3 among the live queries of a crowd; reactions times them
    fanning       fan: a thousand subscribers of one query, which watchers are
    bulk          bulk: a large commit, with the live queries of a crowd and without
    starting      s1 s2
    storing       s3
    acting        a1 a2 a3
    fairness      q6 beside a slow query, which slow_reader asks
    report        what was found, as a table and as JSON

A machine that does other things at the same time slows an operation and its floor alike, because blocks of
the one alternate with blocks of the other. So ratios within one run count, and times of different runs do
not compare. Nothing here asserts on a time.

Two things about the data differ from what other systems are given, because here they are derived: at most
one persona is active, and `usageCount` and `connectionCount` count events, so they begin at one and at zero.
"""
