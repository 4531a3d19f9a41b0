"""`python -m bench.cluster`: see command.py."""

import signal
import sys

if __name__ == "__main__":
    # While our modules are read nothing runs that had to be ended in order.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    from bench.cluster.command import main

    sys.exit(main())
