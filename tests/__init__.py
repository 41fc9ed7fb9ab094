"""Every test of PJai, in folders that mirror the source."""
