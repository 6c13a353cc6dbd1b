"""``python -m symbolic``: the command line."""

import sys

from symbolic.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
