"""SQL for each kind of object: rows in, rows out, nothing of HTTP."""
