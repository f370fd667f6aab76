"""Start the program: ``python app.py --help`` lists the commands, no command opens the window."""

from __future__ import annotations

import sys

from mini_live.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
