"""``python -m deodar``: the command line without its console script."""

import sys

from .framework.cli import main

if __name__ == "__main__":
    # So that usage lines read as what was typed.
    sys.argv[0] = f"python -m {__package__}"
    main()
