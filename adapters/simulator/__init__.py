"""Stand-in exchanges: Upbit, Binance and the rate sources on one port, seeded.

It speaks the venues' own wire formats and shares no code with the adapters that read
them: what is wrong on one side must not be wrong the same way on the other.
"""
