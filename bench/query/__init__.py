"""Queries over HTTP: our server beside its peers, under one load client."""
