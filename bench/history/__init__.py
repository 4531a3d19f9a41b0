"""What the past costs: bars written, ranges read, backfills, kills."""
