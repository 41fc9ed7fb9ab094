"""Owns the actor processes: started, watched, restarted, and ended with the daemon."""
