"""`make cluster`: the roles of `kimp serve` side by side on this machine.

Simulated exchanges, a NATS server, two ingests of which one leads, and API processes on
one port; one data folder and its embedded Postgres. `make demo` is the same in one
process.
"""
