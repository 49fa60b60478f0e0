"""Run the tests of pages in a real browser; install Chromium from Debian's packages if that is possible and needed."""

import os
import shutil
import subprocess
import sys

PACKAGES = ("chromium", "chromium-driver")
PROGRAMS = ("chromium", "chromedriver")


def main() -> int:
    """Return the exit code of pytest; without a browser say so and return 0."""
    if not is_there() and shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
        install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *PACKAGES]
        if subprocess.call(install, **quiet) != 0:
            # The lists of packages may be missing, or too old.
            subprocess.call(["apt-get", "update", "-q"], **quiet)
            subprocess.call(install, **quiet)
    if not is_there():
        print("No Chromium with chromedriver here: the tests of pages in a browser were not run.")
        return 0
    return subprocess.call([sys.executable, "-m", "pytest", "-m", "browser", "tests/browser", *sys.argv[1:]])


def is_there() -> bool:
    """Say whether the browser and its driver are installed."""
    return all(shutil.which(program) for program in PROGRAMS)


if __name__ == "__main__":
    raise SystemExit(main())
