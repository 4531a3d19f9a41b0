"""What Prometheus reads: gathered at the moment it asks, nothing on the hot path."""
