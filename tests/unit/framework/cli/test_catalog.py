import pytest
import yaml

PATTERNS = """
total:
  type: json.JSONDataset
  filepath: data/total.json
  credentials: store

"{name}_csv":
  type: text.TextDataset
  filepath: data/{name}.csv
"""


def test_datasets_are_described_by_pipeline_and_type(project):
    described = yaml.safe_load(project.invoke("catalog", "describe-datasets", "-p", "sums").stdout)
    assert list(described) == ["sums"]
    datasets = described["sums"]["datasets"]
    assert [names for names in datasets.values()] == [["total"]]
    assert described["sums"]["defaults"] == {"deodar.io.MemoryDataset": ["doubled"]}


def test_without_a_pipeline_all_are_described(project):
    described = yaml.safe_load(project.invoke("catalog", "describe-datasets").stdout)
    assert set(described) == {"__default__", "sums"}


@pytest.mark.parametrize("command", ["describe-datasets", "resolve-patterns"])
def test_an_unknown_pipeline_is_refused(project, command):
    result = project.invoke("catalog", command, "--pipeline", "sum")
    assert result.exit_code == 1
    assert "'sum' pipeline not found." in result.stderr


def test_patterns_are_listed(project):
    (project.path / "conf" / "base" / "catalog.yml").write_text(PATTERNS)
    (project.path / "conf" / "local" / "credentials.yml").write_text("store: {password: secret}\n")
    assert yaml.safe_load(project.invoke("catalog", "list-patterns").stdout) == ["{name}_csv", "{default}"]


def test_resolved_configuration_shows_no_secret(project):
    (project.path / "conf" / "base" / "catalog.yml").write_text(PATTERNS)
    (project.path / "conf" / "local" / "credentials.yml").write_text("store: {password: secret}\n")
    result = project.invoke("catalog", "resolve-patterns")
    resolved = yaml.safe_load(result.stdout)
    assert resolved["total"]["filepath"].endswith("data/total.json")
    assert "secret" not in result.output


def test_an_environment_can_be_chosen(project):
    other = project.path / "conf" / "prod"
    other.mkdir()
    (other / "catalog.yml").write_text("doubled:\n  type: text.TextDataset\n  filepath: data/d.txt\n")
    result = project.invoke("catalog", "describe-datasets", "-p", "sums", "--env", "prod")
    assert "doubled" in [name for names in yaml.safe_load(result.stdout)["sums"]["datasets"].values() for name in names]


def test_a_configuration_that_holds_more_than_plain_yaml_is_shown(project):
    pattern = '"{name}_csv": {type: MemoryDataset}\n'
    (project.path / "conf" / "base" / "catalog.yml").write_text(pattern)
    settings = next(project.path.glob("src/*/settings.py"))
    settings.write_text(
        "from deodar.framework.hooks import hook_impl\nfrom deodar.io import MemoryDataset\n"
        "class Hooks:\n    @hook_impl\n    def after_catalog_created(self, catalog):\n"
        "        catalog['pair'] = MemoryDataset(metadata=None, data=1 + 2j)\n"
        "HOOKS = (Hooks(),)\n"
    )
    result = project.invoke("catalog", "resolve-patterns")
    assert result.exit_code == 0, result.output
    assert "pair:" in result.stdout
