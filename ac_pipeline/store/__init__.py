"""The DuckDB file of a home: snapshots, history, desired values, outbox and ledger."""
