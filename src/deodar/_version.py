"""The two versions: ours, and the release of Kedro whose contract this tree holds."""

__version__ = "0.1.0"
KEDRO_CONTRACT_VERSION = "1.7.0"
