"""The configuration loader, statement by statement. Collected under ``deodar`` and, by a drop-in, ``kedro``."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tarfile
import zipfile
from collections import UserDict
from collections.abc import KeysView
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from omegaconf import OmegaConf
from omegaconf.errors import (
    InterpolationKeyError,
    InterpolationResolutionError,
    UnsupportedInterpolationType,
    UnsupportedValueType,
)
from omegaconf.resolvers import oc

from .claims import PACKAGE, better, part, since
from .claims import plain_logs as plain_logs  # serves every test here

config, module, abstract = part("config"), part("config.omegaconf_config"), part("config.abstract_config")
Loader, AbstractConfigLoader = config.OmegaConfigLoader, config.AbstractConfigLoader
MissingConfigException = config.MissingConfigException
MODULE = f"{PACKAGE}.config.omegaconf_config"


@pytest.fixture
def conf(tmp_path: Path) -> Any:
    """Write files; text as it is, everything else as YAML."""
    root = tmp_path / "conf"

    def write(files: dict[str, Any]) -> Path:
        for name in ("base", "local"):
            (root / name).mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                path.write_bytes(content)
            else:
                path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))
        return root

    return write


def loader(root: Any, env: Any = None, runtime_params: Any = None, **options: Any) -> Any:
    return Loader(str(root), env, runtime_params, **{"base_env": "base", "default_run_env": "local", **options})


def read(conf: Any, files: dict[str, Any], key: str = "catalog", **options: Any) -> Any:
    return loader(conf(files), **options)[key]


# --- Names ------------------------------------------------------------------------------------------------------


def test_four_names_are_exported() -> None:
    assert set(config.__all__) == {
        "AbstractConfigLoader", "OmegaConfigLoader", "MissingConfigException", "BadConfigException"
    }  # fmt: skip


@pytest.mark.parametrize("name", ["ConfigLoader", "TemplatedConfigLoader"])
def test_older_loaders_are_gone(name: str) -> None:
    assert not hasattr(config, name)


@pytest.mark.parametrize("name", ["MissingConfigException", "BadConfigException"])
def test_errors_are_plain_exceptions(name: str) -> None:
    assert getattr(config, name).__bases__ == (Exception,)
    assert getattr(config, name).__module__ == f"{PACKAGE}.config.abstract_config"


def test_classes_show_where_they_live() -> None:
    assert AbstractConfigLoader.__module__ == f"{PACKAGE}.config.abstract_config"
    assert Loader.__module__ == MODULE and issubclass(Loader, AbstractConfigLoader)


def test_strategies_name_methods() -> None:
    assert [strategy.name for strategy in module.MergeStrategies] == ["SOFT", "DESTRUCTIVE"]
    assert set(module.MERGING_IMPLEMENTATIONS) == set(module.MergeStrategies)
    assert all(hasattr(Loader, name) for name in module.MERGING_IMPLEMENTATIONS.values())


def test_the_module_holds_what_others_replace() -> None:
    import fsspec

    assert module.fsspec is fsspec and module.OmegaConf is OmegaConf and module.oc is oc
    assert module._config_logger.name == MODULE and module._NO_VALUE is not None


# --- AbstractConfigLoader ---------------------------------------------------------------------------------------


def test_the_abstract_loader_is_a_dictionary_of_its_own() -> None:
    made = AbstractConfigLoader("conf", "env", {"a": 1}, anything=2)
    assert isinstance(made, UserDict) and made.data == {}
    assert (made.conf_source, made.env, made.runtime_params) == ("conf", "env", {"a": 1})
    assert not hasattr(made, "anything") and AbstractConfigLoader("conf").runtime_params == {}


def test_get_goes_through_getitem_and_swallows_only_key_errors() -> None:
    class Mine(AbstractConfigLoader):  # type: ignore[misc,valid-type]
        def __getitem__(self, key: str) -> Any:
            raise {"key": KeyError(key), "missing": MissingConfigException(key)}[key]

    assert Mine("c").get("key", 5) == 5 and Mine("c").get("key") is None
    with pytest.raises(MissingConfigException):
        Mine("c").get("missing", 5)


# --- The constructor --------------------------------------------------------------------------------------------


def test_three_arguments_may_be_positional() -> None:
    with pytest.raises(TypeError):
        Loader("conf", None, None, {})
    with pytest.raises(TypeError):
        Loader("conf", nothing=1)


def test_arguments_become_attributes(tmp_path: Path) -> None:
    made = Loader(tmp_path, "dev", {"a": 1})
    assert made.conf_source == str(tmp_path) and type(made.conf_source) is str
    assert (made.env, made.runtime_params, made.base_env, made.default_run_env) == ("dev", {"a": 1}, "", "")
    assert (made.merge_strategy, made.ignore_hidden) == ({}, True)
    assert made.config_patterns == {
        "catalog": ["catalog*", "catalog*/**", "**/catalog*"],
        "parameters": ["parameters*", "parameters*/**", "**/parameters*"],
        "credentials": ["credentials*", "credentials*/**", "**/credentials*"],
        "globals": ["globals.yml"],
    }


def test_given_patterns_replace_those_of_the_same_key(conf: Any) -> None:
    made = loader(conf({}), config_patterns={"parameters": ["p*"], "spark": ["spark*/"]})
    assert list(made.keys()) == ["catalog", "parameters", "credentials", "globals", "spark"]
    assert made.config_patterns["parameters"] == ["p*"]


def test_patterns_of_two_loaders_are_their_own(conf: Any) -> None:
    one, two = loader(conf({})), loader(conf({}))
    one.config_patterns["catalog"].append("x")
    one.config_patterns["new"] = ["x"]
    assert (
        two.config_patterns["catalog"] == ["catalog*", "catalog*/**", "**/catalog*"]
        and list(two.keys())[-1] == "globals"
    )


def test_construction_forgets_environment_variables_and_announces_globals(conf: Any) -> None:
    OmegaConf.clear_resolver("oc.env")
    register("oc.env", lambda name: "mine")
    loader(conf({}), custom_resolvers={"a_custom_one": lambda: 1})
    assert not OmegaConf.has_resolver("oc.env")
    assert OmegaConf.has_resolver("globals") and OmegaConf.has_resolver("a_custom_one")


def register(name: str, function: Any) -> None:
    if "annotation_validation" in (OmegaConf.register_resolver.__kwdefaults__ or {}):
        OmegaConf.register_resolver(name, function, replace=True)
    else:
        OmegaConf.register_new_resolver(name, function, replace=True)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("s3://bucket/conf", {"protocol": "s3"}),
        ("gs://bucket/conf/", {"protocol": "gs"}),
        ("abfs://c/conf", {"protocol": "abfs"}),
        ("https://h/conf", {"protocol": "https"}),
    ],
)
def test_remote_sources_ask_fsspec_once(source: str, expected: Any, mocker: Any) -> None:
    made = mocker.patch("fsspec.filesystem", return_value=mocker.MagicMock(glob=mocker.Mock(return_value=[])))
    found = Loader(source, base_env="base", default_run_env="local")
    made.assert_called_once_with(**expected)
    assert found._protocol == expected["protocol"] and found._fs is made.return_value
    assert not found._remote_root_path.endswith("/")


def test_an_error_in_globals_escapes_the_constructor_and_missing_files_do_not(conf: Any) -> None:
    with pytest.raises(UnsupportedInterpolationType):
        loader(conf({"base/globals.yml": "a: ${nothing:1}"}))
    assert Loader("/no/where").get("unknown") is None


def test_a_loader_is_told_by_its_arguments(conf: Any) -> None:
    root = conf({})
    text = repr(loader(root, "dev", {"a": 1}))
    assert text.startswith(f"OmegaConfigLoader(conf_source={root}, env=dev, runtime_params={{'a': 1}}, config_")
    assert all(part in text for part in ("base_env=base", "default_run_env=local", "merge_strategy={}"))


# --- Mapping behaviour ------------------------------------------------------------------------------------------


def test_each_access_reads_anew(conf: Any) -> None:
    made = loader(conf({"base/catalog.yml": {"a": {"b": []}}}))
    first = made["catalog"]
    first["a"]["b"].append(1)
    conf({"base/catalog_more.yml": {"c": 1}})
    assert made["catalog"] == {"a": {"b": []}, "c": 1} and type(made["catalog"]) is dict
    assert type(made["catalog"]["a"]) is dict and type(made["catalog"]["a"]["b"]) is list


def test_a_fresh_loader_knows_keys_and_holds_nothing(conf: Any) -> None:
    made = loader(conf({"base/catalog.yml": {"a": 1}}))
    assert isinstance(made.keys(), KeysView) and list(made.keys()) == list(made.config_patterns)
    assert (list(made), len(made), list(made.items()), list(made.values()), bool(made)) == ([], 0, [], [], False)
    assert "catalog" not in made


@pytest.mark.parametrize("key", ["catalog", "parameters", "credentials", "spark", "globals"])
def test_a_set_value_is_returned_as_it_is(key: str, conf: Any) -> None:
    made = loader(conf({"base/catalog.yml": {"a": 1}}))
    value = {"x": "${nothing}"}
    made[key] = value
    assert made[key] is value and made.get(key) is value and key in made and list(made) == [key]
    del made[key]
    assert key not in made


def test_set_globals_are_those_that_interpolations_see(conf: Any) -> None:
    made = loader(conf({"base/catalog.yml": "a: ${globals:x}", "base/globals.yml": "x: 1"}))
    made["globals"] = {"x": 2}
    assert made["catalog"] == {"a": 2}


@better
def test_set_globals_are_seen_after_the_old_were(conf: Any) -> None:
    made = loader(conf({"base/catalog.yml": "a: ${globals:x}", "base/globals.yml": "x: 1"}))
    assert made["catalog"] == {"a": 1}
    made["globals"] = {"x": 2}
    assert made["catalog"] == {"a": 2}


def test_an_unknown_key_is_named_and_get_gives_the_default(conf: Any) -> None:
    made = loader(conf({}))
    with pytest.raises(KeyError, match="No config patterns were found for 'spark' in your config loader"):
        made["spark"]
    assert made.get("spark") is None and made.get("spark", 5) == 5


def test_get_of_a_known_key_without_files_raises(conf: Any) -> None:
    with pytest.raises(MissingConfigException):
        loader(conf({})).get("credentials", {})


def test_loaders_are_compared_by_what_was_set_and_copied(conf: Any) -> None:
    one, two = loader(conf({"base/catalog.yml": {"a": 1}})), Loader("elsewhere")
    assert one == two
    one["x"] = 1
    assert one != two and type(one.copy()) is Loader and one.copy()["catalog"] == {"a": 1}


def test_patterns_of_a_live_loader_can_be_changed_and_replaced(conf: Any) -> None:
    made = loader(conf({"base/mlflow.yml": {"a": 1}, "base/sub/airflow.yml": {"b": 1}}))
    made.config_patterns.update({"mlflow": ["mlflow*", "mlflow*/**", "**/mlflow*"]})
    assert made["mlflow"] == {"a": 1}
    made.config_patterns = {"airflow": ["**/airflow*"]}
    assert made["airflow"] == {"b": 1} and list(made.keys()) == ["airflow"]
    with pytest.raises(KeyError):
        made["catalog"]


def test_environments_of_a_live_loader_can_be_changed(conf: Any) -> None:
    made = loader(conf({"base/catalog.yml": "a: 1", "prod/catalog.yml": "a: 2", "other/catalog.yml": "a: 3"}))
    made.default_run_env = "prod"
    assert made["catalog"] == {"a": 2}
    made.env = "other"
    assert made["catalog"] == {"a": 3}
    made.base_env = "other"
    assert made["catalog"] == {"a": 3}


# --- Which files are read ---------------------------------------------------------------------------------------

TREE = {
    "base/catalog.yaml": {"a1": 1},
    "base/catalog_a.yml": {"a2": 1},
    "base/catalog/b.yml": {"a3": 1},
    "base/catalog/x/c.yml": {"a4": 1},
    "base/catalogs/k/l/m.yml": {"a5": 1},
    "base/sub/catalog.yml": {"a6": 1},
    "base/sub/deep/catalogX.json": '{"a7": 1}',
    "base/sub/catalog_dir/e.yml": {"no": 1},
    "base/my_catalog.yml": {"no": 1},
    "base/catalog.YML": {"no": 1},
    "base/catalog.toml": "no",
    "base/catalog.ini": "no",
    "base/catalog.txt": "no",
    "base/spark.yml": {"s1": 1},
    "base/spark/one.yml": {"s2": 1},
    "base/spark/in/two.yml": {"s3": 1},
    "base/sub/spark_x.yml": {"s4": 1},
    "user1/catalog2.yml": {"u": 1},
}


@pytest.mark.parametrize(
    ("patterns", "keys"),
    [
        (None, ["a1", "a2", "a3", "a4", "a5", "a6", "a7"]),
        (["spark*/"], ["s1"]),
        (["spark*/**"], ["s2", "s3"]),
        (["spark/*"], ["s2"]),
        (["**/spark*"], ["s1", "s4"]),
        (["spark*", "spark*/**"], ["s1", "s2", "s3"]),
        (["../**/user1/catalog2*"], ["u"]),
        (("spark*/", "spark.yml"), ["s1"]),
    ],
)
def test_patterns_find_files(patterns: Any, keys: list[str], conf: Any) -> None:
    options = {} if patterns is None else {"config_patterns": {"catalog": patterns}}
    assert sorted(read(conf, TREE, default_run_env="base", **options)) == keys


def test_a_folder_with_the_suffix_and_broken_links_are_no_files(conf: Any) -> None:
    root = conf({"base/catalog.yml": {"a": 1}, "base/catalog_folder.yml/inner.txt": "x"})
    (root / "base" / "catalog_link.yml").symlink_to("nowhere")
    assert loader(root)["catalog"] == {"a": 1}


@pytest.mark.parametrize("name", ["sub/globals.yml", "globals_x.yml", "globals/x.yml"])
def test_globals_lie_in_one_place(name: str, conf: Any) -> None:
    assert loader(conf({f"base/{name}": {"a": 1}}))["globals"] == {}


@pytest.mark.parametrize(
    ("name", "seen"),
    [(".catalog.yml", False), ("catalog/.b.yml", False), ("catalog/.hid/b.yml", False), (".sub/catalog.yml", False),
     ("catalog.yml", True)],
)  # fmt: skip
def test_hidden_files_are_skipped_unless_wanted(name: str, seen: bool, conf: Any) -> None:
    files = {"base/catalog_x.yml": {"x": 1}, f"base/{name}": {"a": 1}}
    patterns = {"catalog": ["catalog*", "catalog*/**", "**/catalog*", ".catalog*", "catalog/.*/*", ".sub/catalog*"]}
    root = conf(files)
    assert ("a" in loader(root, config_patterns=patterns)["catalog"]) is seen
    assert "a" in loader(root, config_patterns=patterns, ignore_hidden=False)["catalog"]


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        ("conf/base/catalog.yml", False),
        ("conf/base/.catalog.yml", True),
        ("conf/.base/catalog.yml", True),
        ("conf/../conf/base/catalog.yml", False),
        ("notebooks/../conf/base/x.yml", False),
        (".hidden/x.yml", True),
    ],
)
def test_hidden_paths_are_judged_below_the_source(path: str, hidden: bool, conf: Any) -> None:
    root = conf({})
    assert loader(root)._is_hidden(str(root.parent / path)) is hidden


def test_hidden_filtering_can_be_replaced(conf: Any, mocker: Any) -> None:
    made = loader(conf({"base/catalog.yml": "a: 1", "base/catalog_b.yml": "b: 1"}))
    mocker.patch.object(made, "_is_hidden", side_effect=lambda path: str(path).endswith("_b.yml"))
    assert made["catalog"] == {"a": 1}


def test_a_hidden_folder_above_the_source_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / ".hidden" / "conf").mkdir(parents=True)
    (tmp_path / ".hidden" / "conf" / "catalog.yml").write_text("a: 1")
    assert Loader(str(tmp_path / ".hidden" / "conf"))["catalog"] == {"a": 1}


@better
def test_an_environment_may_begin_with_a_dot(conf: Any) -> None:
    assert read(conf, {".base/catalog.yml": "a: 1"}, base_env=".base") == {"a": 1}


def test_each_file_is_parsed_once(conf: Any, mocker: Any) -> None:
    root = conf({"base/catalog.yml": "a: 1", "base/catalog/catalog_b.yml": "b: 1"})
    made = loader(root)
    spy = mocker.spy(OmegaConf, "load")
    assert made["catalog"] == {"a": 1, "b": 1} and spy.call_count == 2


def test_one_folder_can_be_read_by_hand(conf: Any) -> None:
    root = conf({"base/catalog.yml": "a: 1", "base/sub/catalog.yml": "b: 1"})
    seen: set[Any] = set()
    found = loader(root).load_and_merge_dir_config(str(root / "base"), ["catalog*", "**/catalog*"], "catalog", seen)
    assert found == {"a": 1, "b": 1}
    assert {Path(path) for path in seen} == {root / "base/catalog.yml", root / "base/sub/catalog.yml"}


# --- Environments and duplicates --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"a": "local", "b": "base", "c": "local"}),
        ({"env": "prod"}, {"a": "base", "b": "base", "d": "prod"}),
        ({"env": "base"}, {"a": "base", "b": "base"}),
        ({"default_run_env": "prod"}, {"a": "base", "b": "base", "d": "prod"}),
        ({"env": "", "default_run_env": "base"}, {"a": "base", "b": "base"}),
    ],
)
def test_the_run_environment_overrides_base(options: Any, expected: Any, conf: Any) -> None:
    files = {
        "base/catalog.yml": {"a": "base", "b": "base"},
        "local/catalog.yml": {"a": "local", "c": "local"},
        "prod/catalog.yml": {"d": "prod"},
    }
    assert read(conf, files, **options) == expected


def test_without_environments_the_source_is_one_folder(tmp_path: Path) -> None:
    (tmp_path / "catalog.yml").write_text("a: 1")
    assert Loader(str(tmp_path))["catalog"] == {"a": 1}
    assert Loader(str(tmp_path))["parameters"] == {}


def test_a_base_environment_alone_reads_it_and_the_root(conf: Any) -> None:
    root = conf({"base/catalog.yml": "a: 1"})
    assert Loader(str(root), base_env="base")["catalog"] == {"a": 1}
    assert Loader(str(root), default_run_env="base")["catalog"] == {"a": 1}


def test_a_default_environment_alone_sees_all_environments(conf: Any) -> None:
    root = conf({"base/catalog.yml": "a: 1", "prod/catalog.yml": "a: 2"})
    with pytest.raises(ValueError, match="Duplicate keys found in"):
        Loader(str(root), default_run_env="prod")["catalog"]


@pytest.mark.parametrize("missing", ["base", "local"])
def test_a_missing_folder_is_named(missing: str, conf: Any) -> None:
    root = conf({"base/catalog.yml": "a: 1", "local/catalog.yml": "b: 1"})
    (root / missing).rename(root / "elsewhere")
    text = f"Given configuration path either does not exist or is not a valid directory: {root / missing}"
    with pytest.raises(MissingConfigException) as caught:
        loader(root)["catalog"]
    assert str(caught.value) == text


def test_no_files_are_an_error_that_names_folders_and_patterns(conf: Any) -> None:
    root = conf({"base/other.yml": "a: 1", "base/credentials.txt": "x"})
    with pytest.raises(MissingConfigException) as caught:
        loader(root)["credentials"]
    assert str(caught.value) == (
        f"No files of YAML or JSON format found in {root}/base or {root}/local matching the glob pattern(s): "
        "['credentials*', 'credentials*/**', '**/credentials*']"
    )


@pytest.mark.parametrize("content", ["", "{}", "# nothing\n", "---\n", "null\n", "~"])
@pytest.mark.parametrize("key", ["catalog", "parameters"])
def test_an_empty_file_is_a_file(content: str, key: str, conf: Any) -> None:
    assert read(conf, {f"base/{key}.yml": content}, key) == {}


@pytest.mark.parametrize(
    ("files", "lines"),
    [
        ({"catalog.yml": "a: 1\nb: 1", "catalog_x.yml": "b: 2\na: 1"}, ["a, b"]),
        ({"catalog.yml": "a: 1", "sub/catalog.json": '{"a": 1}'}, ["a"]),
        ({"catalog_1.yml": "a: 1", "catalog_2.yml": "a: 1", "catalog_3.yml": "a: 1"}, ["a", "a", "a"]),
    ],
)
def test_duplicate_keys_are_listed_by_pairs(files: Any, lines: list[str], conf: Any) -> None:
    root = conf({f"base/{name}": text for name, text in files.items()})
    with pytest.raises(ValueError) as caught:
        loader(root)["catalog"]
    found = str(caught.value).splitlines()
    assert [line.rpartition(": ")[2] for line in found] == lines
    assert all(line.startswith("Duplicate keys found in ") and str(root) in line for line in found)


def test_a_long_list_of_duplicates_is_cut(conf: Any) -> None:
    content = {f"key_{n:03}": 1 for n in range(50)}
    with pytest.raises(ValueError) as caught:
        read(conf, {"base/catalog.yml": content, "base/catalog_x.yml": content})
    shown = str(caught.value).rpartition(": ")[2]
    assert shown.endswith("...") and len(shown) == 103


@pytest.mark.parametrize(
    ("first", "second", "duplicates"),
    [
        ("a: {b: 1}", "a: {c: 2}", None),
        ("a: {b: 1}", "a: {b: 2}", "a.b"),
        ("a: {b: {}}", "a: {b: {}}", None),
        ("a: [1]", "a: [2]", "a"),
    ],
)
def test_parameters_are_compared_by_their_leaves(first: str, second: str, duplicates: Any, conf: Any) -> None:
    files = {"base/parameters.yml": first, "base/parameters_x.yml": second}
    if duplicates is None:
        read(conf, files, "parameters")
        return
    with pytest.raises(ValueError, match=f"Duplicate keys found in .*: {duplicates}$"):
        read(conf, files, "parameters")


def test_templates_may_be_repeated_and_vanish_except_from_parameters(conf: Any) -> None:
    files = {"catalog.yml": "_t: 1\na: ${_t}", "catalog_x.yml": "_t: 1\nb: ${_t}", "parameters.yml": "_t: 1\nb: ${_t}"}
    files = {f"base/{name}": text for name, text in files.items()}
    assert read(conf, files) == {"a": 1, "b": 1}
    assert read(conf, files, "parameters") == {"_t": 1, "b": 1}


@better
@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_the_order_of_files_does_not_depend_on_hashes(seed: str, conf: Any) -> None:
    root = conf({f"base/catalog_{n}.yml": f"_t: {n}\nk{n}: 1" for n in range(8)} | {"base/catalog.yml": "z: ${_t}"})
    script = f"import json; from {PACKAGE}.config import OmegaConfigLoader; " + (
        f"print(json.dumps(OmegaConfigLoader({str(root)!r}, base_env='base', default_run_env='base')['catalog']))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": seed, "DEODAR_DROPIN": str(int(PACKAGE == "kedro"))}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment)
    assert json.loads(done.stdout) == {"z": 7, **{f"k{n}": 1 for n in range(8)}}
    assert list(json.loads(done.stdout)) == ["z", *(f"k{n}" for n in range(8))]


# --- Merge strategies -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        (None, {"a": {"y": 2}, "l": [3], "k": 1}),
        ("destructive", {"a": {"y": 2}, "l": [3], "k": 1}),
        ("DESTRUCTIVE", {"a": {"y": 2}, "l": [3], "k": 1}),
        ("soft", {"a": {"x": 1, "y": 2}, "l": [3], "k": 1}),
        ("Soft", {"a": {"x": 1, "y": 2}, "l": [3], "k": 1}),
    ],
)
@pytest.mark.parametrize("key", ["catalog", "parameters", "globals", "credentials"])
def test_environments_are_merged_by_a_strategy(key: str, strategy: Any, expected: Any, conf: Any) -> None:
    files = {f"base/{key}.yml": "a: {x: 1}\nl: [1, 2]\nk: 1", f"local/{key}.yml": "a: {y: 2}\nl: [3]"}
    assert read(conf, files, key, merge_strategy=strategy and {key: strategy}) == expected


def test_an_unknown_strategy_is_named_only_when_something_is_merged(conf: Any) -> None:
    root = conf({"base/catalog.yml": "a: 1"})
    text = "Merging strategy hard not supported. The accepted merging strategies are ['soft', 'destructive']."
    with pytest.raises(ValueError) as caught:
        loader(root, merge_strategy={"catalog": "hard"})["catalog"]
    assert str(caught.value) == text
    assert loader(root, "base", merge_strategy={"catalog": "hard"})["catalog"] == {"a": 1}


def test_overridden_keys_are_logged(conf: Any, caplog: Any) -> None:
    caplog.set_level("DEBUG")
    root = conf({"base/catalog.yml": "a: 1\nb: 1", "local/catalog.yml": "a: 2"})
    loader(root)["catalog"]
    text = f"Config from path '{root}/local' will override the following existing top-level config keys: a"
    assert (MODULE, logging.DEBUG, text) in caplog.record_tuples


# --- Interpolation ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: ${b}\nb: 1", 1),
        ("a: x${b}y\nb: 1", "x1y"),
        ("a: ${b.c}\nb: {c: [1, 2]}", [1, 2]),
        ("a: ${b[1]}\nb: [1, 2]", 2),
        ("a: {x: '${.y}', y: 3}", {"x": 3, "y": 3}),
        ("a: {x: {z: '${..y}'}, y: 3}", {"x": {"z": 3}, "y": 3}),
        ("a: ${${b}}\nb: c\nc: 5", 5),
        ("a: ${oc.select:nope,7}", 7),
        ("a: '${oc.create:{x: 1}}'", {"x": 1}),
        ("a: ${oc.decode:'12'}", 12),
        ("a: ${oc.dict.keys:b}\nb: {x: 1}", ["x"]),
        ("a: ${oc.dict.values:b}\nb: {x: 1}", [1]),
        ("a: '\\${b}'", "${b}"),
        ("a: ???", "???"),
        ("a: '{name}.csv'", "{name}.csv"),
        ("a: 'pre_{name}_${b}'\nb: x", "pre_{name}_x"),
        ("a: ${b}\nb: null", None),
        ("a: ${b}\nb: ~", None),
        ("a: ${b}\nb: ''", ""),
        ("a: '${b}'\nb: 007", 7),
        ("a: '${b}'\nb: '007'", "007"),
    ],
)
def test_interpolations_resolve(text: str, value: Any, conf: Any) -> None:
    assert read(conf, {"base/catalog.yml": text})["a"] == value


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("a: ${nope}", InterpolationKeyError, "Interpolation key 'nope' not found"),
        ("a: ${nope:1}", UnsupportedInterpolationType, "Unsupported interpolation type nope"),
        ("a: ${b}\nb: ${a}", Exception, ""),
        ("a: ${b.c}\nb: 1", Exception, ""),
        ("a: ${", Exception, ""),
        ("a: ${oc.env:HOME}", UnsupportedInterpolationType, "Unsupported interpolation type oc.env"),
    ],
)
def test_interpolations_that_fail_are_named(text: str, error: Any, message: str, conf: Any) -> None:
    with pytest.raises(error) as caught:
        read(conf, {"base/catalog.yml": text})
    assert message in str(caught.value) and isinstance(caught.value, Exception)


def test_files_of_one_environment_see_each_other_and_no_other_environment(conf: Any) -> None:
    files = {"base/catalog.yml": "a: ${t}", "base/sub/catalog.yml": "t: base", "local/catalog.yml": "t: local"}
    assert read(conf, files) == {"a": "base", "t": "local"}
    with pytest.raises(InterpolationKeyError, match="'a' not found"):
        read(conf, {"local/catalog.yml": "b: ${a}"})


def test_resolvers_may_return_any_object(conf: Any) -> None:
    class Thing: ...

    thing = Thing()
    files = {"base/catalog.yml": "a: {b: '${thing:}'}", "local/catalog.yml": "c: 1"}
    found = read(conf, files, custom_resolvers={"thing": lambda: thing})
    assert found["a"]["b"] is thing


@pytest.mark.parametrize(
    ("text", "value"),
    [("a: '${add: 3, 4}'", 7), ("a: ${add:1,2,3}", 6), ("a: ${today:}", "now"), ("a: ${up:${b}}\nb: x", "X")],
)
@pytest.mark.parametrize("key", ["catalog", "parameters", "credentials"])
def test_custom_resolvers_are_called(key: str, text: str, value: Any, conf: Any, caplog: Any) -> None:
    caplog.set_level("DEBUG")
    resolvers = {"add": lambda *numbers: sum(numbers), "today": lambda: "now", "up": str.upper}
    assert read(conf, {f"base/{key}.yml": text}, key, custom_resolvers=resolvers)["a"] == value


@better
def test_custom_resolvers_are_those_of_the_loader(conf: Any) -> None:
    root = conf({"base/catalog.yml": "a: ${one_or_two:}"})
    one, two = (loader(root, custom_resolvers={"one_or_two": f}) for f in (lambda: 1, lambda: 2))
    assert (one["catalog"], two["catalog"], one["catalog"]) == ({"a": 1}, {"a": 2}, {"a": 1})


# --- Globals ----------------------------------------------------------------------------------------------------

GLOBALS = {"x": 1, "n": None, "d": {"e": {"f": "deep"}}, "_p": 1, "u": "${x}", "s": "text"}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("${globals:x}", 1),
        ("${globals: x}", 1),
        ("${globals:n}", None),
        ("${globals:n, 5}", None),
        ("${globals:d.e.f}", "deep"),
        ("${globals:d}", {"e": {"f": "deep"}}),
        ("${globals:u}", 1),
        ("${globals:nope, 0}", 0),
        ("${globals:nope, null}", None),
        ("${globals:nope,}", ""),
        ("${globals:nope, 'quoted text'}", "quoted text"),
        ("${globals:nope, ${globals:x}}", 1),
        ("${globals:nope, [1, 2]}", [1, 2]),
        ("${globals:s.below, 5}", 5),
        ("pre/${globals:s}/post", "pre/text/post"),
    ],
)
@pytest.mark.parametrize("key", ["catalog", "parameters", "credentials", "own"])
def test_globals_resolve(key: str, expression: str, value: Any, conf: Any) -> None:
    files = {"base/globals.yml": GLOBALS, f"base/{key}.yml": {"a": expression}}
    assert read(conf, files, key, config_patterns={"own": ["own*"]}) == {"a": value}


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("${globals:_p}", "Keys starting with '_' are not supported for globals."),
        ("${globals:_p, 5}", "Keys starting with '_' are not supported for globals."),
        ("${globals:x.y}", "Globals key 'x.y' not found and no default value provided."),
        ("${globals:nope}", "Globals key 'nope' not found and no default value provided."),
    ],
)
def test_globals_that_are_not_there_are_named(expression: str, text: str, conf: Any) -> None:
    with pytest.raises(InterpolationResolutionError, match=text):
        read(conf, {"base/globals.yml": GLOBALS, "base/catalog.yml": {"a": expression}})


def test_globals_are_a_key_without_templates(conf: Any) -> None:
    made = loader(conf({"base/globals.yml": GLOBALS, "local/globals.yml": {"x": 2}}))
    assert made["globals"] == {"x": 2, "n": None, "d": {"e": {"f": "deep"}}, "u": 1, "s": "text"}
    assert made._globals == made["globals"]


@pytest.mark.parametrize("env", ["base", "local"])
def test_globals_cannot_use_runtime_params(env: str, conf: Any) -> None:
    with pytest.raises(UnsupportedInterpolationType) as caught:
        loader(conf({f"{env}/globals.yml": "a: ${runtime_params:x, 1}"}), None, {"x": 1})
    assert str(caught.value).strip().startswith("The `runtime_params:` resolver is not supported for globals.")


def test_other_unsupported_resolvers_keep_their_message(conf: Any) -> None:
    with pytest.raises(UnsupportedInterpolationType, match="Unsupported interpolation type wrong"):
        loader(conf({"base/globals.yml": "a: ${wrong:x}"}))


@better
def test_two_loaders_do_not_see_each_others_values(tmp_path: Path) -> None:
    loaders = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "globals.yml").write_text(f"x: {name}")
        (folder / "catalog.yml").write_text("a: ${globals:x}\nb: ${runtime_params:r}\nc: ${who:}")
        loaders.append(Loader(folder, None, {"r": name}, custom_resolvers={"who": lambda name=name: name}))
    expected = [{"a": name, "b": name, "c": name} for name in ("one", "two")]
    assert [made["catalog"] for made in loaders] == expected
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda n: loaders[n % 2]["catalog"], range(40))) == expected * 20


# --- Runtime parameters -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("${runtime_params:x}", 1),
        ("${runtime_params: d.e}", "deep"),
        ("${runtime_params:d}", {"e": "deep"}),
        ("${runtime_params:n, 5}", None),
        ("${runtime_params:nope, 5}", 5),
        ("${runtime_params:nope, null}", None),
        ("${runtime_params:nope, ${globals:g}}", "global"),
        ("${runtime_params:nope, ${globals:nope, 'last'}}", "last"),
        ("x-${runtime_params:x}", "x-1"),
        ("${runtime_params:l}", [1, 2]),
    ],
)
@pytest.mark.parametrize("key", ["catalog", "parameters", "credentials"])
def test_runtime_params_resolve(key: str, expression: str, value: Any, conf: Any) -> None:
    given = {"x": 1, "d": {"e": "deep"}, "n": None, "l": [1, 2]}
    files = {"base/globals.yml": "g: global", f"base/{key}.yml": {"a": expression}}
    assert read(conf, files, key, runtime_params=given)["a"] == value


def test_a_missing_runtime_param_is_named(conf: Any) -> None:
    text = "Runtime parameter 'x.y' not found and no default value provided."
    with pytest.raises(InterpolationResolutionError, match=text):
        read(conf, {"base/catalog.yml": "a: ${runtime_params:x.y}"}, runtime_params={"x": 1})


def test_runtime_params_override_parameters_before_these_are_resolved(conf: Any) -> None:
    files = {"base/parameters.yml": "t: base\na: ${t}\nd: {e: 1, f: 2}\nl: [1, 2]"}
    found = read(conf, files, "parameters", runtime_params={"t": "${z}", "z": "new", "d": {"e": 9}, "l": [3]})
    assert found == {"t": "new", "a": "new", "d": {"e": 9, "f": 2}, "l": [3], "z": "new"}


def test_runtime_params_stay_out_of_other_keys(conf: Any) -> None:
    assert read(conf, {"base/catalog.yml": "a: 1"}, runtime_params={"b": 2}) == {"a": 1}


def test_runtime_params_need_a_file_of_parameters(conf: Any) -> None:
    with pytest.raises(MissingConfigException):
        read(conf, {}, "parameters", runtime_params={"a": 1})


@pytest.mark.parametrize("value", [object(), 1j, {1, 2}])
def test_runtime_params_hold_values_of_configuration(value: Any, conf: Any) -> None:
    with pytest.raises(UnsupportedValueType):
        read(conf, {"base/parameters.yml": "a: 1"}, "parameters", runtime_params={"b": value})


def test_with_the_soft_strategy_runtime_params_keep_their_siblings(conf: Any) -> None:
    files = {"base/parameters.yml": "a: {b: 1, c: 2}", "local/parameters.yml": "z: 1"}
    options = {"merge_strategy": {"parameters": "soft"}, "runtime_params": {"a": {"b": 9}}}
    assert read(conf, files, "parameters", **options) == {"a": {"b": 9, "c": 2}, "z": 1}


@better
def test_runtime_params_always_keep_their_siblings(conf: Any) -> None:
    files = {"base/parameters.yml": "a: {b: 1, c: 2}", "local/parameters.yml": "z: 1"}
    assert read(conf, files, "parameters", runtime_params={"a": {"b": 9}}) == {"a": {"b": 9, "c": 2}, "z": 1}


@better
def test_reassigned_runtime_params_are_seen(conf: Any) -> None:
    made = loader(conf({"base/catalog.yml": "a: ${runtime_params:x}"}), None, {"x": 1})
    assert made["catalog"] == {"a": 1}
    made.runtime_params = {"x": 2}
    assert made["catalog"] == {"a": 2}


@since("1.6")
@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("a: {type: '${runtime_params:t}'}", True),
        ("a: {dataset: {type: '${runtime_params:t, x}'}}", True),
        ("a: {type: 'pandas.${runtime_params:t}'}", True),
        ("a: {type: '${runtime_params:other, MemoryDataset}'}", False),
        ("a: {type: MemoryDataset, path: '${runtime_params:t}'}", False),
    ],
)
def test_types_can_be_kept_from_runtime_params(text: str, refused: bool, conf: Any) -> None:
    root = conf({"base/catalog.yml": text})
    assert loader(root, None, {"t": "T"})["catalog"]
    made = loader(root, None, {"t": "T"}, restrict_runtime_params_type_selection=True)
    if not refused:
        assert made["catalog"]
        return
    with pytest.raises(InterpolationResolutionError, match=r"resolves a 'type' field via[\s\S]*not permitted"):
        made["catalog"]


# --- Environment variables --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "value"),
    [("${oc.env:DEODAR_A_KEY}", "secret"), ("${oc.env:DEODAR_NOT_THERE,fallback}", "fallback"),
     ("${oc.env:DEODAR_NOT_THERE, null}", None), ("x-${oc.env:DEODAR_A_KEY}", "x-secret")],
)  # fmt: skip
def test_credentials_read_environment_variables(expression: str, value: Any, conf: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("DEODAR_A_KEY", "secret")
    made = loader(conf({"base/credentials.yml": {"db": {"key": expression}}}))
    assert made["credentials"] == {"db": {"key": value}}
    assert not OmegaConf.has_resolver("oc.env")


def test_a_missing_environment_variable_is_named(conf: Any) -> None:
    with pytest.raises(InterpolationResolutionError, match="Environment variable 'DEODAR_NOT_THERE' not found"):
        read(conf, {"base/credentials.yml": "a: ${oc.env:DEODAR_NOT_THERE}"}, "credentials")


@pytest.mark.parametrize("key", ["catalog", "parameters", "globals"])
def test_other_keys_do_not_read_environment_variables_unless_allowed(key: str, conf: Any) -> None:
    root = conf({f"base/{key}.yml": "a: ${oc.env:PATH}"})
    with pytest.raises(UnsupportedInterpolationType, match=r"oc\.env"):
        loader(root)[key]
    assert loader(root, custom_resolvers={"oc.env": oc.env})[key] == {"a": os.environ["PATH"]}
    OmegaConf.clear_resolver("oc.env")


def test_environment_variables_stay_known_if_the_program_says_so(conf: Any) -> None:
    made = loader(conf({"base/credentials.yml": "a: ${oc.env:PATH}"}))
    register("oc.env", oc.env)
    assert made["credentials"] == {"a": os.environ["PATH"]} and OmegaConf.has_resolver("oc.env")
    OmegaConf.clear_resolver("oc.env")


@better
def test_credentials_may_refer_to_another_file(conf: Any) -> None:
    files = {"base/credentials.yml": "a: ${b.c}", "base/credentials_x.yml": "b: {c: 1}"}
    assert read(conf, files, "credentials") == {"a": 1, "b": {"c": 1}}


# --- Formats ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2020-01-01", "2020-01-01"),
        ("2011-11-11 10:00:00", "2011-11-11 10:00:00"),
        ("1e3", 1000.0),
        ("1.5e-3", 0.0015),
        ("1_000", 1000),
        ("yes", True),
        ("On", True),
        ("no", False),
        ("017", 15),
        ("0o17", "0o17"),
        ("0x1F", 31),
        ("0b11", 3),
        ("12:30:45", 45045),
        ("~", None),
        ("", None),
        ("null", None),
        (".inf", float("inf")),
        ("-.inf", float("-inf")),
        ("!!binary aGk=", b"hi"),
        ("!!str 5", "5"),
        ("'5'", "5"),
        ("+5", 5),
        ("5.", 5.0),
        ("|\n  a\n  b\n", "a\nb\n"),
        (">\n  a\n  b\n", "a b\n"),
        ("[1, {b: 2}]", [1, {"b": 2}]),
        ("{1: a, true: b, 1.5: c}", {1: "b", 1.5: "c"}),
        ("{on: x}", {True: "x"}),
    ],
)
def test_scalars_are_read(text: str, value: Any, conf: Any) -> None:
    assert repr(read(conf, {"base/catalog.yml": f"a: {text}"})["a"]) == repr(value)


def test_anchors_and_merges_work(conf: Any) -> None:
    text = "_d: &d {x: 1, y: 2}\na: {<<: *d, y: 3}\nb: *d"
    assert read(conf, {"base/catalog.yml": text}) == {"a": {"x": 1, "y": 3}, "b": {"x": 1, "y": 2}}


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("a: 1\na: 2", yaml.constructor.ConstructorError, "found duplicate key a"),
        ("a: !!python/object:os.system x", yaml.constructor.ConstructorError, "could not determine a constructor"),
        ("a: 1\n---\nb: 1", yaml.composer.ComposerError, "expected a single document"),
        (b"a: \xff", UnicodeDecodeError, "invalid start byte"),
    ],
)
def test_what_is_no_configuration_is_an_error(text: Any, error: Any, message: str, conf: Any) -> None:
    with pytest.raises(error, match=message):
        read(conf, {"base/catalog.yml": text})


@pytest.mark.parametrize("name", ["catalog.yml", "sub/catalog.yml"])
def test_a_syntax_error_gives_file_and_position(name: str, conf: Any) -> None:
    root = conf({f"base/{name}": "a: 1\nb: 2\nc:\n  - d\n ]e: 1"})
    with pytest.raises(yaml.parser.ParserError) as caught:
        loader(root)["catalog"]
    text = f"Invalid YAML or JSON file {(root / 'base' / name).as_posix()}, unable to read line 4, position 1."
    assert str(caught.value).startswith(text)


def test_json_is_read(conf: Any) -> None:
    assert read(conf, {"base/catalog.json": '{"a": {"b": [1, null, true, "x"]}}'}) == {"a": {"b": [1, None, True, "x"]}}


@better
def test_a_file_of_many_nodes_is_read(conf: Any) -> None:
    content = {f"k{n}": {"type": "T", "filepath": "f", "load_args": {"a": 1, "b": 2}} for n in range(2000)}
    assert len(read(conf, {"base/catalog.yml": json.dumps(content)})) == 2000


@better
@pytest.mark.parametrize("text", ["[1, 2]", "just text", "5", "1: a"])
def test_a_document_that_is_no_mapping_of_names_is_named(text: str, conf: Any) -> None:
    with pytest.raises(config.BadConfigException, match=r"catalog\.yml"):
        read(conf, {"base/catalog.yml": text})


@better
@pytest.mark.parametrize("text", ["a: 1\na: 2", "a: !!python/object:os.system x", "a: 1\n---\nb: 1", b"a: \xff"])
def test_every_error_of_a_file_names_it(text: Any, conf: Any) -> None:
    with pytest.raises(Exception, match=r"base/catalog\.yml"):
        read(conf, {"base/catalog.yml": text})


# --- Sources ----------------------------------------------------------------------------------------------------

FILES = {"base/catalog.yml": "a: ${globals:g}", "base/globals.yml": "g: 1", "local/.gitkeep": "", "local/catalog.yml":
         "b: 2", "base/sub/parameters.yml": "p: 3"}  # fmt: skip


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tar.xz"])
def test_tar_files_are_sources(suffix: str, conf: Any, tmp_path: Path) -> None:
    root = conf(FILES)
    archive = tmp_path / f"conf{suffix}"
    with tarfile.open(archive, f"w:{suffix[5:]}") as tar:
        tar.add(root, arcname="conf-package")
    made = loader(archive)
    assert made._protocol == "tar" and made["catalog"] == {"a": 1, "b": 2} and made["parameters"] == {"p": 3}


def test_zip_files_are_sources(conf: Any, tmp_path: Path) -> None:
    root = conf(FILES)
    archive = tmp_path / "conf.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(root.rglob("*")):
            file.write(path, path.relative_to(root.parent))
    made = loader(archive)
    assert made._protocol == "zip" and made["catalog"] == {"a": 1, "b": 2} and made["parameters"] == {"p": 3}


def test_a_missing_archive_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Loader(str(tmp_path / "no.zip"))


def test_an_archive_without_an_environment_says_so(conf: Any, tmp_path: Path) -> None:
    archive = tmp_path / "conf.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(conf({}) / "base", arcname="conf/base")
    with pytest.raises(MissingConfigException, match="either does not exist or is not a valid directory"):
        loader(archive)["catalog"]


def test_a_file_url_is_local(conf: Any) -> None:
    made = loader(conf(FILES).as_uri())
    assert made._protocol == "file" and made["catalog"] == {"a": 1, "b": 2}


def test_a_relative_source_is_looked_up_when_it_is_read(conf: Any, monkeypatch: Any) -> None:
    root = conf(FILES)
    made = loader("conf")
    monkeypatch.chdir(root.parent)
    assert made["parameters"] == {"p": 3}


@pytest.mark.parametrize("source", ["s3://bucket/conf", "https://h/conf"])
def test_a_remote_folder_that_cannot_be_listed_tells_why(source: str, mocker: Any) -> None:
    filesystem = mocker.patch("fsspec.filesystem").return_value
    filesystem.glob.return_value = []
    made = Loader(source, base_env="base", default_run_env="local")
    filesystem.ls.side_effect = PermissionError("denied")
    with pytest.raises(MissingConfigException, match=r"not a valid directory: .*base.*Error: denied"):
        made["catalog"]


def test_a_cloud_source_is_read_below_its_root(mocker: Any) -> None:
    import io as streams

    files = {"bucket/conf/base/catalog.yml": "a: 1", "bucket/conf/local/catalog.yml": "b: 2"}
    filesystem = mocker.patch("fsspec.filesystem").return_value
    filesystem.sep = "/"
    filesystem.glob.side_effect = lambda pattern: [p for p in files if Path(p).match(pattern)]
    filesystem.isfile.side_effect = files.__contains__
    filesystem.open.side_effect = lambda path, *a, **k: streams.BytesIO(files[str(path)].encode())
    made = Loader("s3://bucket/conf/", base_env="base", default_run_env="local")
    assert made._remote_root_path == "bucket/conf" and made["catalog"] == {"a": 1, "b": 2}
    assert {call.args[0] for call in filesystem.ls.call_args_list} >= {"bucket/conf/base", "bucket/conf/local"}


def test_the_parsing_of_sources_can_be_replaced(mocker: Any) -> None:
    mocker.patch("fsspec.filesystem").return_value.glob.return_value = []
    parse = mocker.patch(f"{MODULE}._parse_filepath", return_value={"protocol": "gs", "path": "b/c"})
    assert Loader("anything")._protocol == "gs"
    parse.assert_called_with("anything")
