import click
import pytest

from deodar.framework.cli.utils import (
    KedroCliError,
    _split_load_versions,
    _split_params,
    split_node_names,
    split_string,
    validate_conf_source,
)


@pytest.mark.parametrize(
    ("text", "items"),
    [("", []), ("a", ["a"]), (" a , b ,", ["a", "b"]), (",,", [])],
)
def test_a_comma_separated_text_becomes_its_items(text, items):
    assert split_string(None, None, text) == items


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("a, b", ["a", "b"]),
        ("f([x,y]) -> [z],b", ["f([x,y]) -> [z]", "b"]),
        ("a,,b", ["a", "b"]),
        ("a,[b,c", ["a", "[b", "c"]),
    ],
)
def test_commas_inside_brackets_belong_to_the_name_of_a_node(text, names):
    assert split_node_names(None, None, text) == names


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", {}),
        ("a=1", {"a": 1}),
        ("a=1.", {"a": 1.0}),
        ("a=1e3", {"a": 1000.0}),
        ("a=012", {"a": 10}),
        ("a=0x10", {"a": 16}),
        ("a=1_000", {"a": 1000}),
        ("a=true,b=no", {"a": True, "b": False}),
        ("a=null,b=~,c=", {"a": None, "b": None, "c": None}),
        ("a=None", {"a": "None"}),
        ('a="1"', {"a": "1"}),
        ("a=2020-01-01", {"a": "2020-01-01"}),
        ("a=inf", {"a": "inf"}),
        ("a=.inf", {"a": float("inf")}),
        ("a=b #c", {"a": "b"}),
        ("a=b: c", {"a": {"b": "c"}}),
        ("a=x=y:z", {"a": "x=y:z"}),
        ("a=[1],b={c: 2}", {"a": [1], "b": {"c": 2}}),
        ("a.b=1,a.c=2", {"a": {"b": 1, "c": 2}}),
        ("a[0]=1", {"a": {"0": 1}}),
        ("a=1,a.b=2", {"a": {"b": 2}}),
        ("a=1,a=2", {"a": 2}),
        ("a=${b}", {"a": "${b}"}),
        ("a=s3://x/y", {"a": "s3://x/y"}),
        ("a=it's,b=1", {"a": "it's", "b": 1}),
        ("a=,b=1", {"a": None, "b": 1}),
    ],
)
def test_params_are_read_as_yaml_values(text, value):
    assert _split_params(None, None, text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a=[1,2],b=3", {"a": [1, 2], "b": 3}),
        ("a={b: 1, c: 2}", {"a": {"b": 1, "c": 2}}),
        ('a="x,y",b=1', {"a": "x,y", "b": 1}),
        ("a='x,y'", {"a": "x,y"}),
        ('a=["x,y", z]', {"a": ["x,y", "z"]}),
    ],
)
def test_a_value_of_params_may_hold_a_comma(text, value):
    assert _split_params(None, None, text) == value


@pytest.mark.parametrize("text", ["%", "@x", "*x", "!x", "`x"])
def test_a_value_that_is_no_yaml_is_taken_as_text(text):
    assert _split_params(None, None, f"a={text}") == {"a": text}


def test_a_mapping_of_params_passes_through():
    value = {"a": {"b": 1}}
    assert _split_params(None, None, value) is value


@pytest.mark.parametrize("text", ["a", "a:1", "a=1,b"])
def test_a_parameter_without_equals_sign_is_refused(text):
    with pytest.raises(click.BadParameter, match="must contain a key and a value separated by `=`"):
        _split_params(None, None, text)


def test_a_parameter_without_key_is_refused():
    with pytest.raises(click.BadParameter, match="cannot be an empty string"):
        _split_params(None, None, "=1")


def test_load_versions_become_a_mapping():
    assert _split_load_versions(None, None, "a:2020-01-01T10.00.00.000Z,b:x:y") == {
        "a": "2020-01-01T10.00.00.000Z",
        "b": "x:y",
    }


@pytest.mark.parametrize("text", ["a", "a:1,", "a:1,b"])
def test_a_load_version_without_colon_is_refused(text):
    with pytest.raises(KedroCliError, match="Expected the form of 'load_versions'"):
        _split_load_versions(None, None, text)


@pytest.mark.parametrize("version", ["", ".", "..", "a/b", "a\\b"])
def test_a_load_version_that_is_no_single_folder_is_refused(version):
    with pytest.raises(KedroCliError, match="is not allowed"):
        _split_load_versions(None, None, f"a:{version}")


def test_a_configuration_source_becomes_absolute(tmp_path, monkeypatch):
    (tmp_path / "conf").mkdir()
    monkeypatch.chdir(tmp_path)
    assert validate_conf_source(None, None, "conf") == str(tmp_path / "conf")


def test_a_remote_configuration_source_is_left_alone():
    assert validate_conf_source(None, None, "s3://bucket/conf.tar.gz") == "s3://bucket/conf.tar.gz"


def test_a_file_url_is_a_local_configuration_source(tmp_path):
    assert validate_conf_source(None, None, f"file://{tmp_path}") == str(tmp_path)


def test_a_missing_configuration_source_is_refused():
    with pytest.raises(click.BadParameter, match="Path 'nowhere' does not exist"):
        validate_conf_source(None, None, "nowhere")
