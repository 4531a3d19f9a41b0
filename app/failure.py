"""Conditions that end a command with one clear line."""


class CommandFailed(Exception):
    """What a command could not do, in words for the terminal."""


class WrongUse(Exception):
    """Arguments that make no sense together or name nothing; ends with code 2."""
