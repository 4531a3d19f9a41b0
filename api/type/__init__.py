"""GraphQL types: thin, described views of domain values, built by `from_domain`."""
