"""Files in which bars wait for the database."""
