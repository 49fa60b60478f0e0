"""The tutorial is done as it is written: every command, every file, in its order."""

import json
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
# What the tutorial says is going to fail.
FAILS = "deodar run --from-nodes delay_model.fit_delays --params delay_model.ridge=100"


@dataclass
class Reader:
    """Somebody who follows the tutorial, and notes how the commands ended."""

    folder: Path
    results: dict[str, subprocess.CompletedProcess[str]] = field(default_factory=dict)
    quoted: list[str] = field(default_factory=list)

    def follow(self) -> None:
        tutorial = TUTORIAL.read_text(encoding="utf-8")
        for block in BLOCK.finditer(tutorial):
            text = block["text"]
            before = tutorial[: block.start()].rstrip().rpartition("\n")[2]
            place = re.match(r"(?:.*\. )?(?:Replace|Create) `(.+)`:$", before)
            if place:
                (self.folder / place[1]).write_text(text, encoding="utf-8")
            elif block["kind"] == "console":
                for line in text.splitlines():
                    self.type(line.removeprefix("$ "))
            elif "KedroSession.create" in text:
                self.results["script"] = self.run("-c", text)
            elif block["kind"] in ("python", "json", "yaml"):
                self.quoted.append(text)

    def type(self, command: str) -> None:
        program, *arguments = shlex.split(command)
        if program == "cd":
            self.folder = self.folder / arguments[0]
        elif program in ("cat", "ls"):
            assert (self.folder / arguments[0]).exists(), command
        elif program in ("deodar", "pytest"):
            self.results[command] = self.run("-m", program, *arguments)
        else:
            assert program == "pip", command

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=120
        )


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    reader = Reader(tmp_path_factory.mktemp("tutorial"))
    reader.follow()
    return reader


@pytest.mark.slow
def test_every_command_ends_as_the_tutorial_says(reader: Reader) -> None:
    failed = {command: result.stdout + result.stderr for command, result in reader.results.items() if result.returncode}
    assert len(reader.results) > 10
    assert list(failed) == [FAILS], failed
    assert "delay_model.train" in failed[FAILS]


@pytest.mark.slow
def test_quoted_code_is_the_code_of_the_project(reader: Reader) -> None:
    files = [path for path in reader.folder.rglob("*") if path.suffix in (".py", ".yml", ".json")]
    texts = [{line.strip() for line in path.read_text(encoding="utf-8").splitlines()} for path in files]
    # The model is fitted anew with another parameter on the way; its figures are compared below.
    quoted = [text for text in reader.quoted if not text.startswith("{")]
    assert len(quoted) == 3
    for text in quoted:
        lines = {line.strip() for line in text.splitlines()}
        assert any(lines <= {*known, ")"} for known in texts), text


@pytest.mark.slow
def test_quoted_figures_are_those_of_the_last_run(reader: Reader) -> None:
    (figures,) = [json.loads(text) for text in reader.quoted if text.startswith("{")]
    assert json.loads((reader.folder / "data/08_reporting/delay_metrics.json").read_text()) == figures


@pytest.mark.slow
def test_script_prints_the_gain(reader: Reader) -> None:
    assert "8.7" in reader.results["script"].stdout
