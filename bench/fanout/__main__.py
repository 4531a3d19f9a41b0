"""`python -m bench.fanout`: see command.py."""

import sys

from bench.fanout.command import main

sys.exit(main(sys.argv[1:]))
