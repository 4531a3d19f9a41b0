"""One module per command; each has `run(settings, options) -> exit code`."""
