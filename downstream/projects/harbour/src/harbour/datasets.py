import json
from pathlib import Path

from kedro.io import AbstractDataset


class JSONFile(AbstractDataset):
    def __init__(self, filepath, credentials=None):
        self._filepath = Path(filepath)
        self._user = (credentials or {}).get("user")

    def load(self):
        return json.loads(self._filepath.read_text())

    def save(self, data):
        self._filepath.write_text(json.dumps({**data, "user": self._user}))

    def _describe(self):
        return {"filepath": self._filepath.name}
