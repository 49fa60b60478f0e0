"""Every name that Kedro projects, plugins and their test suites import from ``kedro`` is there under the drop-in."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

NAMES = {
    "kedro": "__version__ KedroDeprecationWarning KedroPythonVersionWarning load_ipython_extension",
    "kedro.config": "AbstractConfigLoader OmegaConfigLoader MissingConfigException BadConfigException",
    "kedro.config.abstract_config": "AbstractConfigLoader MissingConfigException BadConfigException",
    "kedro.config.omegaconf_config": (
        "OmegaConfigLoader MergeStrategies MERGING_IMPLEMENTATIONS _NO_VALUE _config_logger fsspec OmegaConf oc "
        "_parse_filepath CLOUD_PROTOCOLS HTTP_PROTOCOLS"
    ),
    "kedro.framework.cli": "main command_with_verbosity load_entry_points ORANGE BRIGHT_BLACK",
    "kedro.framework.cli.catalog": "catalog_cli catalog",
    "kedro.framework.cli.cli": (
        "cli info global_commands project_commands KedroCLI main _init_plugins LOGO is_kedro_project "
        "bootstrap_project importlib"
    ),
    "kedro.framework.cli.hooks": "cli_hook_impl CLIHooksManager get_cli_hook_manager",
    "kedro.framework.cli.hooks.manager": "CLIHooksManager get_cli_hook_manager",
    "kedro.framework.cli.hooks.markers": "cli_hook_impl cli_hook_spec CLI_HOOK_NAMESPACE",
    "kedro.framework.cli.hooks.specs": "CLICommandSpecs",
    "kedro.framework.cli.jupyter": "jupyter_cli",
    "kedro.framework.cli.pipeline": "pipeline_cli",
    "kedro.framework.cli.project": (
        "run ipython package project_group _resolve_runner_kwargs ASYNC_ARG_HELP CONFIG_FILE_HELP CONF_SOURCE_HELP "
        "FROM_INPUTS_HELP FROM_NODES_HELP LOAD_VERSION_HELP NAMESPACES_ARG_HELP NODE_ARG_HELP "
        "ONLY_MISSING_OUTPUTS_HELP PARAMS_ARG_HELP PIPELINE_ARG_HELP PIPELINES_ARG_HELP RUNNER_ARG_HELP "
        "RUNNER_PARAMS_HELP TAG_ARG_HELP TO_NODES_HELP TO_OUTPUTS_HELP NO_DEPENDENCY_MESSAGE LINT_CHECK_ONLY_HELP "
        "OPEN_ARG_HELP INPUT_FILE_HELP OUTPUT_FILE_HELP"
    ),
    "kedro.framework.cli.registry": "registry_cli",
    "kedro.framework.cli.server": "server_cli",
    "kedro.framework.cli.starters": (
        "create_cli KedroStarterSpec TEMPLATE_PATH KEDRO_PATH TOOLS_SHORTNAME_TO_NUMBER NUMBER_TO_TOOLS_NAME"
    ),
    "kedro.framework.cli.utils": (
        "call python_call forward_command command_with_verbosity env_option split_string split_node_names "
        "validate_conf_source _split_params _split_load_versions _config_file_callback _validate_config_file "
        "ENTRY_POINT_GROUPS _get_entry_points load_entry_points find_run_command KedroCliError CommandCollection "
        "LazyGroup CONTEXT_SETTINGS ENV_HELP MAX_SUGGESTIONS CUTOFF _clean_pycache _check_module_importable "
        "_suggest_cli_command _safe_load_entry_point"
    ),
    "kedro.framework.context": "KedroContext CatalogCommandsMixin compose_classes",
    "kedro.framework.context.context": (
        "KedroContext settings _transcode_split _validate_transcoded_datasets _convert_paths_to_absolute_posix "
        "_is_relative_path"
    ),
    "kedro.framework.hooks": "hook_impl _create_hook_manager",
    "kedro.framework.hooks.manager": (
        "_create_hook_manager _register_hooks _register_hooks_entry_points _NullPluginManager _PLUGIN_HOOKS"
    ),
    "kedro.framework.hooks.markers": "HOOK_NAMESPACE hook_spec hook_impl",
    "kedro.framework.hooks.specs": "KedroContextSpecs DataCatalogSpecs PipelineSpecs NodeSpecs DatasetSpecs",
    "kedro.framework.project": (
        "settings pipelines LOGGING PACKAGE_NAME configure_project configure_logging validate_settings find_pipelines "
        "_ProjectSettings _ProjectPipelines _ProjectLogging _IsSubclassValidator _HasSharedParentClassValidator "
        "_ImplementsCatalogProtocolValidator _get_default_class _create_pipeline _load_data_wrapper "
        "IMPORT_ERROR_MESSAGE Validator ValidationError LazySettings Pipeline pipeline CatalogProtocol "
        "_LOGGING_BASE_CLASSES _DEFAULT_LOGGING_MODULE_ALLOWLIST"
    ),
    "kedro.framework.session": "KedroSession KedroServiceSession",
    "kedro.framework.session.abstract_session": "AbstractSession",
    "kedro.framework.session.service_session": (
        "KedroServiceSession settings pipelines validate_settings _create_hook_manager generate_timestamp "
        "get_close_matches"
    ),
    "kedro.framework.session.session": (
        "KedroSession KedroSessionError settings pipelines validate_settings _create_hook_manager _register_hooks "
        "_register_hooks_entry_points generate_timestamp getpass get_close_matches"
    ),
    "kedro.framework.session.store": "BaseSessionStore",
    "kedro.framework.startup": "bootstrap_project ProjectMetadata _get_project_metadata",
    "kedro.inspection": "get_project_snapshot",
    "kedro.inspection.models": (
        "ProjectSnapshot ProjectMetadataSnapshot PipelineSnapshot NodeSnapshot NodeSourceSnapshot DatasetSnapshot"
    ),
    "kedro.io": (
        "AbstractDataset AbstractVersionedDataset CachedDataset CatalogProtocol CatalogConfigResolver "
        "DatasetAlreadyExistsError DatasetError DatasetNotFoundError DataCatalog MemoryDataset SharedMemoryDataset "
        "SharedMemoryDataCatalog SharedMemoryCatalogProtocol Version"
    ),
    "kedro.io.cached_dataset": "CachedDataset MemoryDataset",
    "kedro.io.catalog_config_resolver": (
        "CatalogConfigResolver CREDENTIALS_KEY DEFAULT_RUNTIME_PATTERN Patterns _fetch_credentials _resolve_credentials"
    ),
    "kedro.io.core": (
        "AbstractDataset AbstractVersionedDataset CatalogProtocol SharedMemoryCatalogProtocol DatasetError "
        "DatasetNotFoundError DatasetAlreadyExistsError VersionNotFoundError VersionAlreadyExistsError Version "
        "generate_timestamp parse_dataset_definition get_protocol_and_path get_filepath_str "
        "validate_on_forbidden_chars is_parameter TCopyMode VERSION_FORMAT VERSIONED_FLAG_KEY VERSION_KEY "
        "PROTOCOL_DELIMITER TYPE_KEY VALIDATOR_KEY CLOUD_PROTOCOLS HTTP_PROTOCOLS _parse_filepath load_obj "
        "_is_unsafe_version _DEFAULT_PACKAGES _load_obj _local_exists _CONSISTENCY_WARNING _DI _DO _C _DS "
        "_redact_url_credentials"
    ),
    "kedro.io.data_catalog": (
        "DataCatalog SharedMemoryDataCatalog _LazyDataset AbstractDataset AbstractVersionedDataset generate_timestamp"
    ),
    "kedro.io.memory_dataset": "MemoryDataset _EMPTY _infer_copy_mode _copy_with_mode _is_memory_dataset",
    "kedro.io.shared_memory_dataset": "SharedMemoryDataset",
    "kedro.ipython": (
        "load_ipython_extension reload_kedro bootstrap_project configure_project find_kedro_project load_entry_points "
        "_load_node _guess_run_environment _create_cell_with_text _print_cells RICH_INSTALLED inspect ast Path "
        "_find_node _prepare_imports _get_node_bound_arguments _prepare_node_inputs _format_node_inputs_text "
        "_prepare_function_body _build_module_symbol_table _resolve_function_node _resolve_symbol_dependencies "
        "_build_dependency_source_block _NodeBoundArguments"
    ),
    "kedro.logging": "RichHandler _format_rich",
    "kedro.pipeline": "node pipeline Node Pipeline GroupedNodes llm_context_node LLMContext LLMContextNode tool",
    "kedro.pipeline.llm_context": (
        "tool LLMContext LLMContextNode llm_context_node _ToolConfig _get_tool_name _normalize_outputs"
    ),
    "kedro.pipeline.node": (
        "Node node GroupedNodes _to_list _dict_inputs_to_list _get_readable_func_name _node_error_message "
        "_node_dataset_name_validation _strip_transcoding spy unzip _DOTTED_DATASET_NAME_WARNED"
    ),
    "kedro.pipeline.pipeline": (
        "Pipeline pipeline PipelineError OutputNotUniqueError ConfirmNotUniqueError CircularDependencyError "
        "_is_parameter _is_single_parameter _is_all_parameters _match_namespaces _strip_transcoding _transcode_split "
        "_get_dataset_names_mapping _get_param_names_mapping _normalize_param_name TRANSCODING_SEPARATOR"
    ),
    "kedro.pipeline.preview_contract": (
        "TextPreview MermaidPreview ImagePreview CustomPreview BasePreview PreviewPayload assert_json_value JSONScalar "
        "JSONValue JSONObject JSONArray Meta"
    ),
    "kedro.pipeline.transcoding": "TRANSCODING_SEPARATOR _transcode_split _strip_transcoding",
    "kedro.runner": "AbstractRunner SequentialRunner ThreadRunner ParallelRunner Task",
    "kedro.runner.parallel_runner": "ParallelRunner ParallelRunnerManager ProcessPoolExecutor",
    "kedro.runner.runner": (
        "AbstractRunner Task Pipeline _NullPluginManager _MAX_WINDOWS_WORKERS _is_dataset_ephemeral_or_missing"
    ),
    "kedro.runner.sequential_runner": "SequentialRunner",
    "kedro.runner.task": "Task TaskError",
    "kedro.runner.thread_runner": "ThreadRunner ThreadPoolExecutor",
    "kedro.server": "create_http_server",
    "kedro.server.http_server": "create_http_server",
    "kedro.server.utils": (
        "KEDRO_PROJECT_PATH_ENV KEDRO_SERVER_ENV KEDRO_SERVER_CONF_SOURCE DEFAULT_HOST DEFAULT_HTTP_PORT "
        "ServerSettingsError"
    ),
    "kedro.templates.project.hooks.utils": "setup_template_tools",
    "kedro.utils": (
        "load_obj find_kedro_project is_kedro_project KedroExperimentalWarning experimental _is_databricks "
        "_has_rich_handler _format_rich _parse_filepath CLOUD_PROTOCOLS HTTP_PROTOCOLS PROTOCOL_DELIMITER _PYPROJECT "
        "get_close_matches find_config_file _is_unsafe_version _is_module_allowed"
    ),
    "kedro.validation": (
        "Validator validate_dataset validate_catalog DataValidationError CheckFailure ValidationResult "
        "ValidationConfigurationError"
    ),
    "kedro.validation.model_factory": "instantiate_model",
    "kedro.validation.parameter_validator": "ParameterValidator",
    "kedro.validation.type_extractor": "TypeExtractor _type_name get_type_hints",
    "kedro.validation.utils": (
        "_MISSING _unwrap_optional _is_optional is_pydantic_model is_pydantic_class get_typed_fields "
        "resolve_nested_dict_path set_nested_dict_value pydantic"
    ),
}

PROBE = """
import importlib, json, sys
missing = {}
for module, names in json.load(sys.stdin).items():
    try:
        found = importlib.import_module(module)
    except Exception as error:
        missing[module] = [f"{type(error).__name__}: {error}"]
        continue
    missing[module] = [name for name in names.split() if not hasattr(found, name)]
print(json.dumps(missing))
"""


@pytest.fixture(scope="module")
def missing() -> dict[str, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        input=json.dumps(NAMES),
        env={**os.environ, "DEODAR_DROPIN": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("module", NAMES)
def test_the_module_has_every_name_that_others_import(module: str, missing: dict[str, list[str]]) -> None:
    assert missing[module] == []
