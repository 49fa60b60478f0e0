"""Which files a pattern finds, and where configuration may lie."""

import re
import tarfile
import zipfile
from pathlib import Path

import fsspec
import pytest

from deodar.config import MissingConfigException, OmegaConfigLoader
from deodar.config._discovery import LocalSource

FILES = [
    "catalog.yaml",
    "catalog_a.yml",
    "catalog/b.yml",
    "catalog/x/c.yml",
    "catalogs/k/l/m.yml",
    "sub/catalog.yml",
    "sub/deep/catalogX.json",
    "sub/catalog_dir/e.yml",
    "my_catalog.yml",
    "catalog.YML",
    "catalog.toml",
]


@pytest.fixture
def tree(conf):
    for path in FILES:
        conf.write(f"base/{path}", "{}")
    (conf.root / "base" / "catalog_folder.yml").mkdir()
    (conf.root / "base" / "catalog_broken.yml").symlink_to("nowhere")
    (conf.root / "base" / "catalog_linked.yml").symlink_to(conf.root / "base" / "catalog_a.yml")
    (conf.root / "elsewhere").mkdir()
    conf.write("elsewhere/catalog_out.yml", "{}")
    (conf.root / "base" / "catalog_link").symlink_to(conf.root / "elsewhere")
    return conf.root / "base"


def found(folder: Path, *patterns: str) -> list[str]:
    paths = LocalSource(str(folder)).find(folder.as_posix(), patterns)
    return [path.removeprefix(f"{folder.as_posix()}/") for path in paths]


def test_the_usual_patterns_find_what_the_contract_says(tree):
    assert found(tree, "catalog*", "catalog*/**", "**/catalog*") == [
        "catalog.yaml",
        "catalog/b.yml",
        "catalog/x/c.yml",
        "catalog_a.yml",
        "catalog_linked.yml",
        "catalogs/k/l/m.yml",
        "sub/catalog.yml",
        "sub/deep/catalogX.json",
    ]


@pytest.mark.parametrize(
    "pattern",
    [
        *("catalog*", "catalog*/**", "**/catalog*", "*/cat*", "**", "cata[l]og*", "catalog?a.yml", "sub/*"),
        *("sub/**", "**/c.yml", "catalog/*", "**/x/*", "../elsewhere/*", "../**/catalog_out*", "catalog*/", "s?b/d*/*"),
        *("catalog_link/*", "[!c]*/catalog*", "sub/deep/catalogX.json"),
    ],
)
def test_patterns_find_what_fsspec_finds(tree, pattern):
    glob = fsspec.filesystem("file").glob(f"{tree}/{pattern.rstrip('/')}")
    expected = sorted(
        str(path) for path in map(Path, glob) if path.is_file() and path.suffix in (".yml", ".yaml", ".json")
    )
    assert LocalSource(str(tree)).find(str(tree), [pattern]) == expected


def test_brackets_in_the_path_of_the_project_are_no_pattern(tmp_path):
    folder = tmp_path / "a [draft] project*"
    folder.mkdir()
    (folder / "catalog.yml").write_text("a: 1")
    assert OmegaConfigLoader(folder)["catalog"] == {"a": 1}


def test_a_file_that_two_spellings_reach_is_read_once(conf):
    conf.write("base/catalog.yml", "a: 1")
    loader = conf.loader(config_patterns={"catalog": ["catalog*", "../base/catalog*"]})
    assert loader["catalog"] == {"a": 1}


def test_hidden_files_and_folders_are_skipped_unless_asked_for(conf):
    conf.write("base/catalog.yml", "a: 1")
    conf.write("base/.ipynb_checkpoints/catalog.yml", "b: 1")
    conf.write("base/catalog/.hidden.yml", "c: 1")
    assert conf.loader()["catalog"] == {"a": 1}
    assert conf.loader(ignore_hidden=False)["catalog"] == {"a": 1, "b": 1, "c": 1}


def test_hidden_folders_above_the_source_do_not_matter(tmp_path):
    folder = tmp_path / ".hidden" / "conf"
    folder.mkdir(parents=True)
    (folder / "catalog.yml").write_text("a: 1")
    assert OmegaConfigLoader(folder)["catalog"] == {"a": 1}
    assert OmegaConfigLoader(folder / ".." / "conf")["catalog"] == {"a": 1}


def test_an_environment_may_have_a_name_with_a_leading_dot(conf):
    conf.write(".secret/catalog.yml", "a: 1")
    conf.write(".secret/.more/catalog.yml", "b: 1")
    assert conf.loader(env=".secret")["catalog"] == {"a": 1}


def test_hidden_paths_are_judged_below_the_source(conf):
    loader = conf.loader()
    assert loader._is_hidden(str(conf.root / "base" / ".x" / "catalog.yml"))
    assert not loader._is_hidden(str(conf.root / "base" / "catalog.yml"))
    assert loader._is_hidden("/somewhere/.else/catalog.yml")


def write_archive_members(root: Path) -> None:
    for path, text in {
        "base/catalog.yml": "a: ${globals:x}",
        "base/globals.yml": "x: 1",
        "local/catalog.yml": "b: 2",
        "base/.hidden/catalog.yml": "c: 3",
    }.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


@pytest.fixture(params=["conf", ".", "./conf"])
def arcname(request):
    return request.param


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2"])
def test_tar_files_are_read_with_and_without_a_wrapping_folder(tmp_path, suffix, arcname):
    write_archive_members(tmp_path / "conf")
    archive = tmp_path / f"conf-x{suffix}"
    mode = {".tar": "w", ".tar.xz": "w:xz", ".tar.bz2": "w:bz2"}.get(suffix, "w:gz")
    with tarfile.open(archive, mode) as tar:
        tar.add(tmp_path / "conf", arcname=arcname)
    loader = OmegaConfigLoader(str(archive), base_env="base", default_run_env="local")
    assert (loader["catalog"], loader._protocol) == ({"a": 1, "b": 2}, "tar")


def test_zip_files_are_read_with_and_without_a_wrapping_folder(tmp_path, arcname):
    write_archive_members(tmp_path / "conf")
    archive = tmp_path / "conf.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("__MACOSX/._base", "")
        for path in (tmp_path / "conf").rglob("*"):
            packed.write(path, Path(arcname) / path.relative_to(tmp_path / "conf"))
    loader = OmegaConfigLoader(str(archive), base_env="base", default_run_env="local")
    assert (loader["catalog"], loader._protocol) == ({"a": 1, "b": 2}, "zip")


def test_an_archive_without_the_environment_says_so(tmp_path):
    write_archive_members(tmp_path / "conf")
    with tarfile.open(tmp_path / "conf.tar", "w") as tar:
        tar.add(tmp_path / "conf", arcname="conf")
    loader = OmegaConfigLoader(str(tmp_path / "conf.tar"), env="prod", base_env="base")
    with pytest.raises(MissingConfigException, match=r"directory: conf/prod \(inside the archive .*conf\.tar\)"):
        loader["catalog"]


def test_a_missing_archive_is_an_error_at_once(tmp_path):
    with pytest.raises(FileNotFoundError):
        OmegaConfigLoader(str(tmp_path / "nothing.zip"))


def test_nothing_in_an_archive_is_ever_unpacked(tmp_path):
    evil = tmp_path / "evil.tar"
    with tarfile.open(evil, "w") as tar:
        (tmp_path / "catalog.yml").write_text("a: 1")
        tar.add(tmp_path / "catalog.yml", arcname="../../outside/catalog.yml")
        tar.add(tmp_path / "catalog.yml", arcname="conf/base/catalog.yml")
    before = sorted(tmp_path.parent.rglob("*"))
    assert OmegaConfigLoader(str(evil), base_env="base", env="base")["catalog"] == {"a": 1}
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_file_urls_are_local(conf):
    conf.write("base/catalog.yml", "a: 1")
    loader = OmegaConfigLoader(f"file://{conf.root}", base_env="base", env="base")
    assert (loader["catalog"], loader._protocol) == ({"a": 1}, "file")


def test_any_protocol_of_fsspec_will_do():
    memory = fsspec.filesystem("memory")
    memory.pipe("/deodar_conf/base/catalog.yml", b"a: ${_b}\n_b: 1")
    memory.pipe("/deodar_conf/base/.x/catalog.yml", b"c: 1")
    memory.pipe("/deodar_conf/local/catalog/more.yml", b"b: 2")
    try:
        loader = OmegaConfigLoader("memory://deodar_conf", base_env="base", default_run_env="local")
        assert loader["catalog"] == {"a": 1, "b": 2}
    finally:
        memory.rm("/deodar_conf", recursive=True)


def test_cloud_sources_ask_fsspec_for_their_protocol_once(mocker):
    filesystem = mocker.patch("fsspec.filesystem")
    loader = OmegaConfigLoader("s3://bucket/conf/", base_env="base", default_run_env="local")
    filesystem.assert_called_once_with(protocol="s3")
    assert (loader._protocol, loader._remote_root_path) == ("s3", "bucket/conf")
    assert loader._fs is filesystem.return_value


def test_a_missing_remote_folder_tells_the_original_error(mocker):
    filesystem = mocker.patch("fsspec.filesystem").return_value
    filesystem.ls.side_effect = PermissionError("no entry")
    loader = OmegaConfigLoader("gs://bucket/conf", base_env="base")
    message = "does not exist or is not a valid directory: bucket/conf/base. Error: no entry"
    with pytest.raises(MissingConfigException, match=re.escape(message)):
        loader["catalog"]
