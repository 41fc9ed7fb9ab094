"""The differential test of live queries: what the engine maintains, against what SQLite answers anew."""
