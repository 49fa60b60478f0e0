import tarfile

import pytest

from deodar.framework.cli._package import archive_configuration


@pytest.fixture
def source(tmp_path):
    for name in (
        "base/catalog.yml", "base/deep/parameters.yml", "base/credentials.yml", "prod/catalog.yml",
        "prod/credentials/db.json", "prod/my_Credentials.yaml", "local/.gitkeep", "local/catalog.yaml",
        "local/a/b.json", "README.md", "base/__pycache__/x.pyc",
    ):  # fmt: skip
        path = tmp_path / "conf" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "conf"


def test_the_archive_holds_configuration_and_no_secret(source, tmp_path):
    left_out = archive_configuration(source, tmp_path / "conf.tar.gz")
    with tarfile.open(tmp_path / "conf.tar.gz") as archive:
        files = {member.name for member in archive if member.isfile()}
        folders = {member.name for member in archive if member.isdir()}
    assert files == {
        "conf/README.md", "conf/base/catalog.yml", "conf/base/deep/parameters.yml", "conf/prod/catalog.yml",
        "conf/local/.gitkeep",
    }  # fmt: skip
    assert {"conf", "conf/base", "conf/local"} <= folders
    assert left_out == [
        "conf/base/credentials.yml", "conf/local/a/b.json", "conf/local/catalog.yaml",
        "conf/prod/credentials/db.json", "conf/prod/my_Credentials.yaml",
    ]  # fmt: skip


def test_a_missing_build_package_is_named(empty_project, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "build", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name, package=None: None)
    result = empty_project.invoke("package")
    assert result.exit_code == 1
    assert "pip install build" in result.stderr
