"""Values and calculations: synchronous, clock-free, I/O-free."""
