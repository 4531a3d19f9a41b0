"""Use cases: they move values between the model and the ports, and own no library."""
