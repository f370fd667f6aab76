"""Start the program: ``python app.py --help`` lists the commands, no command opens the window."""

from __future__ import annotations

import gc
import sys

from mini_live.huge_pages import start_again_asking

if __name__ == "__main__":
    start_again_asking()

    from mini_live.cli import main

    code = main(sys.argv[1:])
    gc.freeze()  # all goes with the process: a last search for garbage would only make the end come later
    sys.exit(code)
