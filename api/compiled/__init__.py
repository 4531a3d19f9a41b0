"""Selections compiled to functions that write JSON: for queries and events."""
