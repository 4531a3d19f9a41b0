"""Plain queries answered right where they arrive: bytes in, bytes out, no task."""
