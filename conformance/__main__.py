"""python -m conformance [--check] [--client NAME ...] [--cases N]."""

import sys

from conformance.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
