"""What looks like a secret is not written down in the clear, and a change of it is noticed all the same."""

from __future__ import annotations

import pytest

from deodar.engine.cache.fingerprint import of_tree
from deodar.engine.cache.secrets import hidden, hidden_in_text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("db.password", "hunter2"),
        ("storage_options.key", "hunter2"),
        ("api_key", "hunter2"),
        ("con", "postgresql://me:hunter2@host/db"),
        ("filepath", "https://host/file?sig=hunter2"),
        ("options", [{"token": "hunter2"}]),
    ],
)
def test_a_secret_is_told_by_its_digest(name: str, value: object) -> None:
    mark = of_tree("config", name, value)
    assert "hunter2" not in mark.dumps()
    other = of_tree("config", name, eval(repr(value).replace("hunter2", "hunter3")))
    assert other.root != mark.root


@pytest.mark.parametrize(
    ("name", "value"), [("monkey", "a"), ("tokenizer", "bert"), ("max_tokens", 5), ("url", "s3://b/c")]
)
def test_other_values_are_shown(name: str, value: object) -> None:
    assert hidden(name, value) == value
    assert of_tree("parameter", name, value).leaves[0].shown == repr(value)


def test_a_command_is_shown_without_its_secrets() -> None:
    text = hidden_in_text("run --params db.password=hunter2,rate=3 --env prod")
    assert (text, "hunter2" in text) == ("run --params db.password=…,rate=3 --env prod", False)
