"""Bad input by the million: what is sent, how it is driven in, and what must hold."""
