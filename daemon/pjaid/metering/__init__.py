"""Owns what is measured while the daemon works: counted in place, and told of when somebody asks."""
