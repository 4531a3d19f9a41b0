"""What each fault costs: time to honest, to fallback, to recovery, and requests."""
