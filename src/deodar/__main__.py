"""``python -m deodar``: the command line without its console script."""

from .framework.cli import main

if __name__ == "__main__":
    main()
