"""Start the program: ``python app.py --help`` lists the commands, no command opens the window."""

from __future__ import annotations

import gc
import sys

from mini_live.cli import main

if __name__ == "__main__":
    code = main(sys.argv[1:])
    gc.freeze()  # all goes with the process: a last search for garbage would only make the end come later
    sys.exit(code)
