"""What people and language models read about the API, made from the schema itself."""
