"""What is read without the parser is what the parser reads; a test with random files is in `tests/model`."""

import pytest

from deodar.config import _plain_yaml, _yaml

PLAIN = [
    "a: 1\n",
    "a: 1",
    "# said\na: text\nb:\n  c: 0.50\n  d: 10\n\n  # more\n  e: true\nf: null\n",
    'cars:\n    type: pandas.CSVDataset\n    filepath: data/01_raw/cars.csv\n    load_args:\n        sep: ";"\nb:\n',
    '"made_{n}": {type: json.JSONDataset, filepath: "data/made_{n}.json"}\n',
    "raw: {type: json.JSONDataset, filepath: data/raw.json}  # flow\n",
    "a: {}\nb: [ ]\nc: { }\n",
    "bucket: s3://a-bucket/some/file.csv\n",
    'a: "${runtime_params:b}"\nb: "# no comment: at all"\n',
    "a:\n  b:\n    c: x\n  d: y\n",
    "# Grün\na: b\n",
    "_template: x\nversioned: false\n",
    "\ufeffa: b\n",
]
LEFT_TO_THE_PARSER = [
    "",
    "a\n",
    "a: b c\n",
    "a: 'b'\n",
    "a: 2020-01-01\n",
    "a: 010\n",
    "a: 1e3\n",
    "a: 1_000\n",
    "a: -1\n",
    "a: yes\n",
    "a: True\n",
    "a: on\n",
    "on: a\n",
    "1: a\n",
    "a: ~\n",
    "a:b\n",
    "a:\tb\n",
    "\ta: b\n",
    "a: b\n  c: d\n",
    "a:\n  b: c\n d: e\n",
    " a: b\n",
    "a: b\na: c\n",
    "a: {b: c, b: d}\n",
    "a: {b: {c: d}}\n",
    "a: [b]\n",
    "a:\n- b\n",
    "a: |\n  b: c\n",
    "a: &x b\nc: *x\n",
    "<<: {a: b}\n",
    "a: !!str 1\n",
    '"a\\n": b\n',
    "---\na: b\n",
    "a: b\n...\n",
    "a: b\r\n",
    "a: b #c\nd: ${e}\n",
    'a: "b\nc"\n',
    '{"a": 1}',
    "a: b: c\n",
    "a: b\x07\n",
    "# \x07\na: b\n",
    "a: " + "b" * 1000 + "\n",
]


def parsed(text):
    return _yaml._document(text.encode())


@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_file_is_read_as_the_parser_reads_it(text):
    found = _plain_yaml.read(text.encode())
    assert found is not None
    assert repr(found) == repr(parsed(text).tree)
    assert _yaml.parse(text.encode(), "x.yml", text_keys=True) == parsed(text)


@pytest.mark.parametrize("text", LEFT_TO_THE_PARSER)
def test_what_is_not_plain_is_left_to_the_parser(text):
    assert _plain_yaml.read(text.encode()) is None


def test_bytes_that_are_no_text_are_left_to_the_parser():
    assert _plain_yaml.read(b"a: \xff\n") is None
