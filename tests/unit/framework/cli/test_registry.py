import yaml


def test_pipelines_are_listed_in_order(project):
    assert yaml.safe_load(project.invoke("registry", "list").output) == ["__default__", "sums"]


def test_the_default_pipeline_is_described(project):
    output = project.invoke("registry", "describe").output
    assert yaml.safe_load(output) == {"Nodes": ["double_it (double)", "add_it (add)"]}


def test_an_unknown_pipeline_is_answered_with_the_one_meant(project):
    result = project.invoke("registry", "describe", "sum")
    assert result.exit_code == 1
    assert "'sum' pipeline not found. Existing pipelines: [__default__, sums]" in result.stderr
    assert "Did you mean 'sums'?" in result.stderr
