"""Conditions that end a command with one clear line."""


class CommandFailed(Exception):
    """What a command could not do, in words for the terminal."""
