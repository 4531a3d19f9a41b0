"""Composition: settings, wiring, process and command line. May import everything."""
