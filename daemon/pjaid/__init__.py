"""The PJai daemon."""
