"""`python -m bench.query`: see command.py."""

import sys

from bench.query.command import main

sys.exit(main(sys.argv[1:]))
