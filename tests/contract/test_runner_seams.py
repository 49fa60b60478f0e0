"""What others touch of runners, here as ``deodar``; ``test_runner_api`` runs it as ``kedro`` too."""

from __future__ import annotations

from .runner_seams import *  # noqa: F403  # the tests themselves
