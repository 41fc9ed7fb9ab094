"""The main job on real input: a daemon, a watcher and a rememberer, three processes that anyone can run.

python -m tests.demo FILES…
"""
