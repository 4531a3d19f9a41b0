"""Recorded sessions: what venues sent, as it came, in files that survive a kill.

The format is described in docs/RECORDING.md; older recordings are read as well.
"""
