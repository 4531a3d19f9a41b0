"""The truth: model, pure calculations, ports and services. Standard library only."""
