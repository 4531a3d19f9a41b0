"""Become a command that is ended with the process that started it, however that ends.

    python -I -S tie.py PARENT COMMAND [WORD...]

PARENT is the starter's process id; ours becomes COMMAND's. The tie is the kernel's
(PR_SET_PDEATHSIG): on Linux only, elsewhere a killed starter leaves COMMAND running. A
session of its own keeps a terminal's Ctrl-C from COMMAND: its starter ends it in order.
Standard library only: it runs without our packages, in 0.02 s.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

# linux/prctl.h
PR_SET_PDEATHSIG = 1


def main(arguments: Sequence[str]) -> None:
    """Become the command.

    Raises:
        SystemExit: the starter has ended already.
        OSError: there is no such command.
    """
    parent, *command = arguments
    os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    # From here on the kernel tells; before, nobody did.
    if os.getppid() != int(parent):
        sys.exit(1)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
