"""PJai: a local data daemon for personal AI assistants."""
