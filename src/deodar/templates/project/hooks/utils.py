"""What the scripts of starters call after a project has been generated."""

from ....framework.cli._tools import setup_template_tools

__all__ = ["setup_template_tools"]
