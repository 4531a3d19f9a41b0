"""Other people's clients and suites against a real server: docs/CONFORMANCE.md."""
