"""`python -m bench.fuzz`: see command.py."""

import sys

from bench.fuzz.command import main

sys.exit(main(sys.argv[1:]))
