"""The contract between PJai daemon and its clients."""
