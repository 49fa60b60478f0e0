"""How late will a flight arrive, once it has left the gate?"""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
