"""Live events for many: one execution and one serialisation for all who ask alike."""
