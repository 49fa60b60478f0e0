"""The loader as its callers see it."""

import logging
import re
import subprocess
import sys
import threading

import pytest
from omegaconf import OmegaConf
from omegaconf.errors import (
    InterpolationKeyError,
    InterpolationResolutionError,
    OmegaConfBaseException,
    UnsupportedInterpolationType,
)
from omegaconf.resolvers import oc

from deodar.config import AbstractConfigLoader, MissingConfigException, OmegaConfigLoader
from deodar.config.omegaconf_config import MERGING_IMPLEMENTATIONS, MergeStrategies


def test_run_environment_overrides_base(conf):
    conf.write("base/catalog.yml", "a: {x: 1, y: 2}\nb: 1")
    conf.write("local/catalog.yml", "a: {x: 3}")
    assert conf.loader()["catalog"] == {"a": {"x": 3}, "b": 1}


def test_soft_strategy_merges_deeply_and_replaces_lists(conf):
    conf.write("base/catalog.yml", "a: {x: 1, l: [1, 2]}")
    conf.write("local/catalog.yml", "a: {y: 2, l: [3]}")
    assert conf.loader(merge_strategy={"catalog": "SOFT"})["catalog"] == {"a": {"x": 1, "y": 2, "l": [3]}}


def test_unknown_strategy_is_named_with_the_known_ones(conf):
    conf.write("base/catalog.yml", "a: 1")
    message = "Merging strategy hard not supported. The accepted merging strategies are ['soft', 'destructive']."
    with pytest.raises(ValueError, match=re.escape(message)):
        conf.loader(merge_strategy={"catalog": "hard"})["catalog"]


def test_unknown_strategy_does_not_matter_when_nothing_is_merged(conf):
    conf.write("base/catalog.yml", "a: 1")
    assert conf.loader(env="base", merge_strategy={"catalog": "hard"})["catalog"] == {"a": 1}


def test_each_strategy_names_a_method_of_the_loader():
    assert {MergeStrategies.SOFT, MergeStrategies.DESTRUCTIVE} == set(MERGING_IMPLEMENTATIONS)
    assert all(callable(getattr(OmegaConfigLoader, name)) for name in MERGING_IMPLEMENTATIONS.values())


def test_overridden_keys_are_logged_for_debugging(conf, caplog):
    conf.write("base/catalog.yml", "a: 1")
    conf.write("local/catalog.yml", "a: 2")
    with caplog.at_level(logging.DEBUG, "deodar.config.omegaconf_config"):
        conf.loader()["catalog"]
    assert "will override the following existing top-level config keys: a" in caplog.text


def test_runtime_params_keep_their_siblings_although_a_local_file_exists(conf):
    conf.write("base/parameters.yml", "a: {b: 1, c: 2}")
    conf.write("local/parameters.yml", "z: 1")
    loader = conf.loader(runtime_params={"a": {"b": 9}})
    assert loader["parameters"] == {"a": {"b": 9, "c": 2}, "z": 1}


def test_runtime_params_change_what_other_parameters_interpolate(conf):
    conf.write("base/parameters.yml", "env: x\npath: data/${env}")
    assert conf.loader(runtime_params={"env": "y"})["parameters"] == {"env": "y", "path": "data/y"}


def test_runtime_params_may_interpolate_parameters_themselves(conf):
    conf.write("base/parameters.yml", "z: 3")
    assert conf.loader(runtime_params={"a": "${z}"})["parameters"] == {"z": 3, "a": 3}


def test_runtime_params_stay_out_of_other_keys(conf):
    conf.write("base/catalog.yml", "a: 1")
    assert conf.loader(runtime_params={"a": 2, "b": 3})["catalog"] == {"a": 1}


def test_reassigned_runtime_params_are_seen_at_once(conf):
    conf.write("base/catalog.yml", "a: ${runtime_params:x}")
    loader = conf.loader(runtime_params={"x": 1})
    loader["catalog"]
    loader.runtime_params = {"x": 2}
    assert loader["catalog"] == {"a": 2}


def test_reassigned_globals_are_seen_at_once(conf):
    conf.write("base/globals.yml", "x: 1")
    conf.write("base/catalog.yml", "a: ${globals:x}")
    loader = conf.loader()
    loader["catalog"]
    loader["globals"] = {"x": 2}
    assert loader["catalog"] == {"a": 2}


def test_globals_with_the_other_suffix_are_read(conf):
    conf.write("base/globals.yaml", "x: 1")
    assert conf.loader()["globals"] == {"x": 1}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("${globals:x}", 34),
        ("${globals:b.c}", "text"),
        ("${globals:b}", {"c": "text"}),
        ("${globals: none}", None),
        ("${globals:nope, 0}", 0),
        ("${globals:nope, null}", None),
        ("${globals:nope, 'q r'}", "q r"),
        ("${globals:nope, ${globals:x}}", 34),
        ("${globals:x.deeper, 7}", 7),
        ("${globals:nope, [1, 2]}", [1, 2]),
        ("pre-${globals:x}-post", "pre-34-post"),
    ],
)
def test_globals_resolve(conf, expression, value):
    conf.write("base/globals.yml", "x: 34\nb: {c: text}\nnone: null\n_private: 1")
    conf.write("base/catalog.yml", f'a: "{expression}"')
    assert conf.loader()["catalog"] == {"a": value}


@pytest.mark.parametrize("path", ["b.name", "b.name.c", "b.1.name"])
@pytest.mark.parametrize("resolver", ["globals", "runtime_params"])
def test_a_name_where_a_list_wants_a_number_is_a_mistake(conf, resolver, path):
    conf.write("base/globals.yml", "b: [1, [2]]")
    conf.write("base/catalog.yml", f"a: ${{{resolver}:{path}, 1}}")
    with pytest.raises(InterpolationResolutionError, match="Index 'name' \\(str\\) is not an int"):
        conf.loader(runtime_params={"b": [1, [2]]})["catalog"]


def test_an_entry_of_a_list_is_found_by_its_number(conf):
    conf.write("base/globals.yml", "b: [1, [2]]")
    conf.write(
        "base/catalog.yml", 'a: ["${globals:b.0}", "${globals:b.1.0, 1}", "${globals:b.5, 7}", "${globals:b.0.x, 8}"]'
    )
    assert conf.loader()["catalog"] == {"a": [1, 2, 7, 8]}


def test_missing_global_is_named(conf):
    conf.write("base/catalog.yml", "a: ${globals:x.y}")
    with pytest.raises(
        InterpolationResolutionError, match=r"Globals key 'x\.y' not found and no default value provided"
    ):
        conf.loader()["catalog"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: {b: ['${_rot}']}", "'a.b[0]' of 'catalog' in {}. Did you mean '_root'?"),
        ("a: {on: '${_root.datta}'}", "'a.True' of 'catalog' in {}. Did you mean '_root.data'?"),
        ("a: ${nothing_alike}", "'a' of 'catalog' in {}."),
        ("a: ${globals:foldr.x}", "'a' of 'catalog' in {}. Did you mean 'folder'?"),
        ("a: ${globals:folder.yyy}", "'a' of 'catalog' in {}. Did you mean 'folder.yy'?"),
        ("a: ${runtime_params:dat}", "'a' of 'catalog' in {}. Did you mean 'date'?"),
        ("a: ${add_al:1}", "'a' of 'catalog' in {}. Did you mean 'add_all'?"),
        ("a: ${b", "'a' of 'catalog' in {}."),
    ],
)
def test_an_interpolation_that_fails_is_told_with_file_key_and_nearest_names(conf, text, told):
    path = conf.write("base/catalog.yml", text)
    conf.write("base/catalog_paths.yml", "_root: {data: x}")
    conf.write("base/globals.yml", "folder: {yy: 1}")
    with pytest.raises(OmegaConfBaseException) as caught:
        conf.loader(runtime_params={"date": 1}, custom_resolvers={"add_all": sum})["catalog"]
    assert caught.value.__notes__ == [f"While resolving {told.format(path)}"]


def test_private_globals_are_refused(conf):
    conf.write("base/globals.yml", "_x: 1")
    conf.write("base/catalog.yml", "a: ${globals:_x, 2}")
    with pytest.raises(InterpolationResolutionError, match="Keys starting with '_' are not supported for globals"):
        conf.loader()["catalog"]


def test_missing_runtime_parameter_is_named(conf):
    conf.write("base/catalog.yml", "a: ${runtime_params:x}")
    with pytest.raises(InterpolationResolutionError, match="Runtime parameter 'x' not found and no default value"):
        conf.loader()["catalog"]


def test_a_runtime_parameter_that_is_none_is_there(conf):
    conf.write("base/catalog.yml", "a: ${runtime_params:x, 5}")
    assert conf.loader(runtime_params={"x": None})["catalog"] == {"a": None}


@pytest.mark.parametrize("env", ["base", "local"])
def test_runtime_params_are_not_supported_in_globals(conf, env):
    conf.write(f"{env}/globals.yml", "x: ${runtime_params:y}")
    with pytest.raises(UnsupportedInterpolationType, match="`runtime_params:` resolver is not supported for globals"):
        conf.loader(runtime_params={"y": 1})


def test_other_unsupported_resolvers_in_globals_keep_their_own_message(conf):
    conf.write("base/globals.yml", "x: ${nonsense:y}")
    with pytest.raises(UnsupportedInterpolationType, match="Unsupported interpolation type nonsense"):
        conf.loader()


def test_two_loaders_do_not_see_each_others_values(tmp_path, conf):
    conf.write("base/catalog.yml", "a: ${globals:x}\nb: ${add:1}")
    conf.write("base/globals.yml", "x: first")
    first = conf.loader(custom_resolvers={"add": lambda number: number + 1})
    second = conf.loader(custom_resolvers={"add": lambda number: number + 10})
    second["globals"] = {"x": "second"}
    assert [first["catalog"], second["catalog"], first["catalog"]] == [
        {"a": "first", "b": 2},
        {"a": "second", "b": 11},
        {"a": "first", "b": 2},
    ]


def test_a_plugin_can_add_resolvers_to_a_loader(conf):
    conf.write("base/catalog.yml", "a: ${add:1}\nb: ${times:2}")
    loader = conf.loader(custom_resolvers={"add": lambda number: number + 1})
    loader._register_new_resolvers({"times": lambda number: number * 10})
    assert loader["catalog"] == {"a": 2, "b": 20}


def test_loaders_in_threads_do_not_see_each_others_values(conf):
    conf.write("base/catalog.yml", "a: ${number:}")
    loaders = [conf.loader(custom_resolvers={"number": lambda index=index: index}) for index in range(4)]
    seen: dict[int, set[int]] = {index: set() for index in range(4)}

    def load(index: int) -> None:
        for _ in range(10):
            seen[index].add(loaders[index]["catalog"]["a"])

    threads = [threading.Thread(target=load, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert seen == {index: {index} for index in range(4)}


def test_a_resolver_may_read_configuration_itself(conf):
    conf.write("base/catalog.yml", "a: ${inner:}\nb: ${globals:x}")
    conf.write("base/globals.yml", "x: outer")
    inner = conf.loader()
    inner["globals"] = {"x": "inner"}
    inner.config_patterns["catalog"] = ["other*"]
    conf.write("base/other.yml", "c: '${globals:x}${oc.select:d, 1}'")
    loader = conf.loader(custom_resolvers={"inner": lambda: inner["catalog"]["c"]})
    assert loader["catalog"] == {"a": "inner1", "b": "outer"}


def test_a_resolver_that_the_program_registered_itself_comes_back(conf):
    OmegaConf.register_new_resolver("mine", lambda: "program")
    try:
        conf.write("base/catalog.yml", "a: ${mine:}")
        assert conf.loader(custom_resolvers={"mine": lambda: "loader"})["catalog"] == {"a": "loader"}
        assert OmegaConf.create({"a": "${mine:}"}).a == "program"
    finally:
        OmegaConf.clear_resolver("mine")


def test_custom_resolvers_get_their_arguments(conf):
    conf.write("base/parameters.yml", "a: '${plus: 3, 4, 5}'")
    assert conf.loader(custom_resolvers={"plus": lambda *numbers: sum(numbers)})["parameters"] == {"a": 12}


def test_resolvers_may_return_any_object(conf):
    conf.write("base/catalog.yml", "a: ${kind:}")
    conf.write("local/catalog.yml", "b: 1")
    for strategy in ("soft", "destructive"):
        loader = conf.loader(custom_resolvers={"kind": lambda: int}, merge_strategy={"catalog": strategy})
        assert loader["catalog"] == {"a": int, "b": 1}


def test_resolvers_are_known_to_omegaconf_after_construction(conf):
    conf.loader(custom_resolvers={"known_afterwards": lambda: 1})
    assert OmegaConf.has_resolver("globals")
    assert OmegaConf.has_resolver("known_afterwards")


def test_credentials_read_environment_variables(conf, monkeypatch):
    monkeypatch.setenv("TEST_SECRET", "s3cret")
    conf.write("base/credentials.yml", "user: {key: '${oc.env:TEST_SECRET}', other: '${oc.env:TEST_NOPE, x}'}")
    assert conf.loader()["credentials"] == {"user": {"key": "s3cret", "other": "x"}}


def test_environment_variables_are_unknown_after_credentials_were_read(conf):
    conf.write("base/credentials.yml", "user: '${oc.env:PATH}'")
    conf.loader()["credentials"]
    assert not OmegaConf.has_resolver("oc.env")


def test_environment_variables_stay_known_if_the_program_registered_them(conf):
    conf.write("base/credentials.yml", "user: '${oc.env:PATH}'")
    loader = conf.loader()
    OmegaConf.register_new_resolver("oc.env", oc.env)
    try:
        loader["credentials"]
        assert OmegaConf.has_resolver("oc.env")
    finally:
        OmegaConf.clear_resolver("oc.env")


def test_environment_variables_are_refused_outside_credentials(conf):
    conf.write("base/catalog.yml", "a: ${oc.env:PATH}")
    with pytest.raises(UnsupportedInterpolationType, match=r"oc\.env"):
        conf.loader()["catalog"]


def test_environment_variables_are_refused_even_if_omegaconf_is_imported_after_the_loader(conf):
    conf.write("base/catalog.yml", "a: ${oc.env:PATH}")
    program = (
        "from deodar.config import OmegaConfigLoader\n"
        f"loader = OmegaConfigLoader({str(conf.root)!r}, base_env='base', default_run_env='local')\n"
        "try:\n    loader['catalog']\nexcept Exception as error:\n    print(type(error).__name__)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "UnsupportedInterpolationType"


def test_environment_variables_can_be_allowed_everywhere(conf, monkeypatch):
    monkeypatch.setenv("TEST_WHERE", "here")
    conf.write("base/catalog.yml", "a: ${oc.env:TEST_WHERE}")
    assert conf.loader(custom_resolvers={"oc.env": oc.env})["catalog"] == {"a": "here"}
    OmegaConf.clear_resolver("oc.env")


def test_credentials_files_may_refer_to_each_other(conf):
    conf.write("base/credentials.yml", "a: {token: x}")
    conf.write("base/credentials_more.yml", "b: ${a.token}")
    assert conf.loader()["credentials"] == {"a": {"token": "x"}, "b": "x"}


def test_templates_of_the_same_name_in_two_credentials_files_do_not_meet(conf):
    conf.write("base/credentials.yml", "_t: 1\na: ${_t}")
    conf.write("base/credentials_more.yml", "_t: 2\nb: ${_t}")
    assert conf.loader()["credentials"] == {"a": 1, "b": 2}


def test_templates_vanish_except_from_parameters(conf):
    conf.write("base/catalog.yml", "_t: {type: x}\na: ${_t}")
    conf.write("base/parameters.yml", "_p: 1")
    loader = conf.loader()
    assert (loader["catalog"], loader["parameters"]) == ({"a": {"type": "x"}}, {"_p": 1})


def test_values_of_another_file_of_the_same_environment_can_be_referred_to(conf):
    conf.write("base/catalog.yml", "a: ${_root}/a.csv")
    conf.write("base/catalog_templates.yml", "_root: data")
    assert conf.loader()["catalog"] == {"a": "data/a.csv"}


def test_a_local_file_cannot_refer_to_base(conf):
    conf.write("base/catalog.yml", "b: 1")
    conf.write("local/catalog.yml", "a: ${b}")
    with pytest.raises(InterpolationKeyError):
        conf.loader()["catalog"]


def test_same_template_in_two_files_resolves_in_the_order_of_paths(conf):
    conf.write("base/catalog_b.yml", "_t: b\ny: 1")
    conf.write("base/catalog_a.yml", "_t: a\nx: ${_t}")
    assert conf.loader()["catalog"] == {"x": "b", "y": 1}


def test_duplicate_keys_are_listed_pair_by_pair(conf):
    paths = [conf.write(f"base/catalog{index}.yml", "a: 1\nb: 2\n_t: 3").as_posix() for index in range(3)]
    with pytest.raises(ValueError) as caught:
        conf.loader()["catalog"]
    assert str(caught.value).splitlines() == [
        f"Duplicate keys found in {first} and {second}: a, b"
        for first, second in [(paths[0], paths[1]), (paths[0], paths[2]), (paths[1], paths[2])]
    ]


def test_long_lists_of_duplicate_keys_are_cut(conf):
    text = "".join(f"key_number_{index}: 1\n" for index in range(20))
    conf.write("base/catalog.yml", text)
    conf.write("base/catalog.json", '{"key_number_1": 1, "key_number_2": 1}')
    conf.write("base/catalog_c.yml", text)
    with pytest.raises(ValueError, match=r"catalog_c\.yml: key_number_0.*\.\.\."):
        conf.loader()["catalog"]


def test_parameters_files_may_share_branches_but_not_leaves(conf):
    conf.write("base/parameters.yml", "a: {x: 1}")
    conf.write("base/parameters_b.yml", "a: {y: 2}")
    assert conf.loader()["parameters"] == {"a": {"x": 1, "y": 2}}
    conf.write("base/parameters_c.yml", "a: {y: 3}")
    with pytest.raises(ValueError, match=r"Duplicate keys found in .*: a\.y"):
        conf.loader()["parameters"]


def test_templates_may_be_repeated_among_parameters_too(conf):
    conf.write("base/parameters.yml", "_t: 1\na: ${_t}")
    conf.write("base/parameters_b.yml", "_t: 2")
    assert conf.loader()["parameters"] == {"_t": 2, "a": 2}


def test_missing_files_are_an_error_naming_folders_and_patterns(conf):
    message = (
        f"No files of YAML or JSON format found in {conf.root}/base or {conf.root}/local matching the glob "
        "pattern(s): ['credentials*', 'credentials*/**', '**/credentials*']"
    )
    with pytest.raises(MissingConfigException, match=re.escape(message)):
        conf.loader()["credentials"]


def test_an_empty_file_is_no_missing_file(conf):
    conf.write("base/catalog.yml", "# nothing yet\n")
    assert conf.loader()["catalog"] == {}


def test_missing_folder_of_an_environment_is_named(conf):
    conf.write("base/catalog.yml", "a: 1")
    with pytest.raises(MissingConfigException, match=r"does not exist or is not a valid directory: .*conf/prod"):
        conf.loader(env="prod")["catalog"]


def test_a_flat_folder_needs_no_environments(tmp_path):
    (tmp_path / "catalog.yml").write_text("a: 1")
    loader = OmegaConfigLoader(tmp_path)
    assert (loader["catalog"], loader.conf_source, loader["parameters"]) == ({"a": 1}, str(tmp_path), {})


def test_unknown_key_is_an_error_and_get_gives_the_default(conf):
    with pytest.raises(KeyError, match="No config patterns were found for 'spark' in your config loader"):
        conf.loader()["spark"]
    assert conf.loader().get("spark", 1) == 1


def test_get_still_raises_for_a_known_key_without_files(conf):
    with pytest.raises(MissingConfigException):
        conf.loader().get("credentials", {})


def test_a_fresh_loader_knows_keys_but_holds_nothing(conf):
    loader = conf.loader(config_patterns={"spark": ["spark*"]})
    assert list(loader.keys()) == ["catalog", "parameters", "credentials", "globals", "spark"]
    assert (list(loader), len(loader), bool(loader), "catalog" in loader) == ([], 0, False, False)


def test_a_set_value_is_returned_as_it_is_until_deleted(conf):
    conf.write("base/catalog.yml", "a: 1")
    loader, value = conf.loader(), {"b": "${x}"}
    loader["catalog"] = value
    assert loader["catalog"] is value
    del loader["catalog"]
    assert loader["catalog"] == {"a": 1}


def test_fresh_loaders_are_equal_and_can_be_copied(conf):
    assert conf.loader() == conf.loader()
    assert isinstance(conf.loader().copy(), OmegaConfigLoader)


def test_every_access_reads_files_anew_and_returns_its_own_copy(conf):
    path = conf.write("base/catalog.yml", "a: {b: 1}")
    loader = conf.loader()
    loader["catalog"]["a"]["b"] = 5
    assert loader["catalog"] == {"a": {"b": 1}}
    path.write_text("a: {b: 2}")
    assert loader["catalog"] == {"a": {"b": 2}}


def test_patterns_can_be_changed_on_a_live_loader(conf):
    conf.write("base/spark.yml", "a: 1")
    loader = conf.loader()
    loader.config_patterns.update({"spark": ["spark*"]})
    assert loader["spark"] == {"a": 1}
    loader.config_patterns = {"spark": ["nothing*"]}
    with pytest.raises(MissingConfigException):
        loader["spark"]


def test_environments_can_be_changed_on_a_live_loader(conf):
    conf.write("base/catalog.yml", "a: 1")
    conf.write("local/catalog.yml", "a: 2")
    loader = OmegaConfigLoader(conf.root)
    loader.base_env, loader.default_run_env = "base", "local"
    assert loader["catalog"] == {"a": 2}


def test_unknown_options_are_refused_and_environments_default_to_the_root(conf):
    with pytest.raises(TypeError):
        OmegaConfigLoader(str(conf.root), nonsense=1)
    loader = OmegaConfigLoader(str(conf.root))
    assert (loader.base_env, loader.default_run_env, loader.env, loader.runtime_params) == ("", "", None, {})


def test_repr_shows_how_the_loader_was_made(conf):
    assert repr(conf.loader()).startswith(f"OmegaConfigLoader(conf_source={conf.root}, env=None, runtime_params={{}}")


def test_files_of_one_folder_can_be_read_by_hand(conf):
    path = conf.write("base/catalog.yml", "a: ${oc.env:TEST_BY_HAND}")
    files = set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_BY_HAND", "yes")
        loaded = conf.loader().load_and_merge_dir_config(
            str(conf.root / "base"), ["catalog*"], "catalog", files, read_environment_variables=True
        )
    assert (loaded, files) == ({"a": "yes"}, {path})


def test_replacing_omegaconf_load_is_noticed_once_per_file(conf, mocker):
    conf.write("base/catalog.yml", "a: 1")
    conf.write("base/catalog/more.yml", "b: ${a}")
    loader = conf.loader()
    spy = mocker.spy(OmegaConf, "load")
    assert loader["catalog"] == {"a": 1, "b": 1}
    assert spy.call_count == 2


@pytest.mark.parametrize(
    "text",
    [
        "a: {type: '${runtime_params:t}'}",
        "a: {deep: [{type: 'x.${runtime_params:t}'}]}",
        "_t: '${runtime_params:t}'\na: {type: '${_t}'}",
        "a: '${runtime_params:whole}'",
    ],
)
def test_types_chosen_by_runtime_params_can_be_refused(conf, text):
    conf.write("base/catalog.yml", text)
    loader = conf.loader(runtime_params={"t": "y", "whole": {"type": "z"}}, restrict_runtime_params_type_selection=True)
    with pytest.raises(InterpolationResolutionError, match=r"type.*'runtime_params:' resolver.* not permitted"):
        loader["catalog"]


def test_defaults_of_types_and_other_fields_are_free_where_types_are_restricted(conf):
    conf.write("base/catalog.yml", "a: {type: '${runtime_params:t, x}', path: '${runtime_params:p}'}")
    loader = conf.loader(runtime_params={"p": "q"}, restrict_runtime_params_type_selection=True)
    assert loader["catalog"] == {"a": {"type": "x", "path": "q"}}


def test_plain_files_and_usual_interpolations_need_no_omegaconf(conf):
    conf.write("base/catalog.yml", "_r: data\na: {path: '${_r}/${globals:x}', n: '${runtime_params:n, 3}'}")
    conf.write("base/globals.yml", "x: 1")
    program = (
        "import sys\n"
        "import deodar.config\n"
        "early = {'yaml', 'omegaconf', 'fsspec'} & set(sys.modules)\n"
        f"loader = deodar.config.OmegaConfigLoader({str(conf.root)!r}, base_env='base', default_run_env='local')\n"
        "loader['catalog']\n"
        "print(early, {'omegaconf', 'fsspec'} & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "set() set()"


def test_a_bare_subclass_of_the_abstract_loader_works(conf):
    class Mine(AbstractConfigLoader):
        pass

    loader = Mine(conf_source="conf", env=None, runtime_params=None, anything=1)
    loader["a"] = 1
    assert (loader.get("a"), loader.get("b", 2), loader.runtime_params, loader.data) == (1, 2, {}, {"a": 1})


def test_heavy_modules_are_reachable_as_globals_of_the_loaders_module():
    import fsspec

    from deodar.config import omegaconf_config

    assert omegaconf_config.OmegaConf is OmegaConf
    assert omegaconf_config.oc is oc
    assert omegaconf_config.fsspec is fsspec
