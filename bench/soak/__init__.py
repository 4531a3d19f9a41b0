"""Random faults by seed against a real server, with invariants checked all along."""
