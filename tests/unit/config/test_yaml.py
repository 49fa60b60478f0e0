"""What single files are read as, and how their errors read."""

import contextlib
import gc
import math
import re
import subprocess
import sys

import pytest
import yaml
from omegaconf import OmegaConf
from omegaconf.errors import KeyValidationError, UnsupportedValueType

from deodar.config import BadConfigException
from deodar.config._yaml import parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2020-01-01", "2020-01-01"),
        ("2020-01-01 10:00:00", "2020-01-01 10:00:00"),
        ("1e3", 1000.0),
        ("1.5e-3", 0.0015),
        (".5", 0.5),
        ("1_000", 1000),
        ("017", 15),
        ("0o17", "0o17"),
        ("0x1F", 31),
        ("12:30:45", 45045),
        ("yes", True),
        ("off", False),
        ("~", None),
        ("", None),
        ("-.inf", -math.inf),
        ("!!binary aGk=", b"hi"),
        ("'1'", "1"),
        ("10.5.3", "10.5.3"),
        ("???", "???"),
    ],
)
def test_scalars_mean_what_they_mean_to_omegaconf(read, text, value):
    assert read(f"a: {text}") == {"a": value}
    assert OmegaConf.to_container(OmegaConf.create(f"a: {text}")) == {"a": value}


def test_anchors_and_merge_keys_give_each_place_its_own_copy(read):
    result = read("a: &x {p: [1]}\nb: *x\nc:\n  <<: *x\n  q: 2\nd:\n  p: 0\n  <<: [*x, {p: 5, r: 6}]")
    assert result == {"a": {"p": [1]}, "b": {"p": [1]}, "c": {"p": [1], "q": 2}, "d": {"p": 0, "r": 6}}
    assert result["a"]["p"] is not result["b"]["p"]


def test_nested_keys_need_not_be_text(read):
    assert read("a: {3: x, on: y, 2.5: z}") == {"a": {3: "x", True: "y", 2.5: "z"}}


def test_json_is_read_as_well(conf):
    conf.write("base/catalog.json", '{"a": {"b": [1, null, true]}}')
    assert conf.loader()["catalog"] == {"a": {"b": [1, None, True]}}


def test_a_byte_order_mark_is_no_part_of_the_first_key(read):
    assert read("\ufeffa: 1") == {"a": 1}


def test_ten_thousand_nodes_are_no_limit(read):
    assert len(read("".join(f"k{index}: {{a: 1, b: '${{k0.a}}'}}\n" for index in range(4000)))) == 4000


def test_syntax_errors_give_file_line_and_position_counted_from_zero_and_from_one(conf):
    path = conf.write("base/catalog.yml", "a: 1\nb: [1,\nc: 2}\n")
    with pytest.raises(yaml.parser.ParserError) as caught:
        conf.loader()["catalog"]
    assert str(caught.value).startswith(
        f"Invalid YAML or JSON file {path.as_posix()}, unable to read line 2, position 4. "
        "Counted from one, that is line 3, column 5: "
    )


def test_repeated_keys_are_an_error_naming_key_file_and_line(read, conf):
    with pytest.raises(yaml.constructor.ConstructorError, match="found duplicate key b") as caught:
        read("a:\n  b: 1\n  b: 2")
    assert f'in "{conf.root}/base/catalog.yml", line 3, column 3' in str(caught.value)


def test_a_key_that_a_merge_brings_may_be_repeated(read):
    assert read("_a: &a {x: 1}\nb:\n  <<: *a\n  x: 2") == {"b": {"x": 2}}


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("a: !!python/object:os.x {}", yaml.constructor.ConstructorError, "could not determine a constructor"),
        ("a: 1\n---\nb: 1", yaml.composer.ComposerError, "expected a single document"),
        ("a: \x07", yaml.reader.ReaderError, "control characters are not allowed"),
        ("a: *nope", yaml.composer.ComposerError, "found undefined alias"),
        ("? [1]\n: a", yaml.constructor.ConstructorError, "found unhashable key"),
        ("a:\n  <<: 3", yaml.constructor.ConstructorError, "expected a mapping or list of mappings"),
    ],
)
def test_other_yaml_errors_name_the_file(read, text, error, message):
    with pytest.raises(error, match=message) as caught:
        read(text)
    assert "base/catalog.yml" in str(caught.value)


def test_files_in_another_encoding_are_named_with_the_line(conf):
    path = conf.root / "base" / "catalog.yml"
    path.write_bytes(b"a: 1\nb: caf\xe9\n")
    with pytest.raises(UnicodeDecodeError, match=r"in line 2 of .*base/catalog\.yml; save the file as UTF-8"):
        conf.loader()["catalog"]


@pytest.mark.parametrize(("text", "what"), [("- a", "a list"), ("word", "text"), ("42", "a number")])
def test_documents_that_are_no_mapping_are_refused_by_name(read, text, what):
    with pytest.raises(BadConfigException, match=re.escape(f"base/catalog.yml holds {what} where")):
        read(text)


def test_top_level_keys_that_are_not_text_are_refused_except_in_parameters(conf, read):
    with pytest.raises(BadConfigException, match=r"The top-level key True in .*catalog\.yml .*Put quotes around it"):
        read("on: 1")
    conf.write("base/parameters.yml", "1: x")
    assert conf.loader()["parameters"] == {1: "x"}


def test_values_that_omegaconf_does_not_take_are_refused_as_it_does(read):
    with pytest.raises(UnsupportedValueType):
        read("a: !!set {x, y}")
    with pytest.raises(KeyValidationError):
        read("a: {~: 1}")


def test_aliases_that_refer_to_themselves_are_an_error(read):
    with pytest.raises(BadConfigException, match=r"catalog\.yml is nested too deeply, or an alias"):
        read("a: &a [*a]")


def test_aliases_that_explode_are_an_error(read):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
    with pytest.raises(yaml.constructor.ConstructorError, match="aliases repeat too many values"):
        read("\n".join(lines))


def test_a_failed_document_is_not_remembered(conf):
    conf.write("base/catalog.yml", "a: [")
    loader = conf.loader()
    with pytest.raises(yaml.parser.ParserError):
        loader["catalog"]
    conf.write("base/catalog.yml", "a: []")
    assert loader["catalog"] == {"a": []}


@pytest.mark.parametrize("text", ["", "\n \r\n", "# a: 1\n  # b: 2", "{}", "# nothing yet\n{}\n"])
def test_a_file_that_says_nothing_is_empty_and_needs_no_parser(tmp_path, text):
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "parameters.yml").write_bytes(text.encode())
    code = (
        "import sys\n"
        "from deodar.config import OmegaConfigLoader\n"
        f"loader = OmegaConfigLoader({str(tmp_path)!r}, base_env='base', default_run_env='')\n"
        "print(loader['parameters'], 'yaml' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{} False"


@pytest.mark.parametrize("text", ["{}\n{}", "{} {}", "[]", "# é\n- 1", "---\n{}\n---\n{}"])
def test_a_file_that_only_looks_empty_is_parsed(read, text):
    with pytest.raises((BadConfigException, yaml.YAMLError)):
        read(text)


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("text", ["a: 1\n" + "# x\n" * 20_000, "a: [\n" + "# x\n" * 20_000])
def test_reading_a_large_file_leaves_garbage_collection_as_it_was(conf, text, enabled):
    path = conf.write("base/catalog.yml", text)
    was = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        with contextlib.suppress(yaml.YAMLError):
            parse(path.read_bytes(), str(path), text_keys=True)
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if was else gc.disable)()
