"""Fan-out: our server beside its peers, under one load client."""
