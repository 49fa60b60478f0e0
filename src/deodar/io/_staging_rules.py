"""Which saves are staged, and what their entries say about it in ``metadata: {deodar: {...}}``.

| Key | Meaning |
|---|---|
| ``atomic: false`` | write in place |
| ``atomic: true`` | stage a dataset that writes to its ``_filepath`` without asking where to |
| ``fsync: true`` | on the disk, and not only in the system's memory, before the save is over |
| ``folder: replace`` or ``merge`` | stage a folder that is there already; what becomes of its other files |
"""

from __future__ import annotations

import functools
import os
from pathlib import Path, PurePath
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import Any

from .. import _environment
from ._errors import DatasetError
from ._publishing import FolderRule

LOCAL_PROTOCOLS = ("file", "local")

_SECTIONS = ("deodar", "kedro")
_SAVE_OPTIONS = ("_save_args", "_fs_open_args_save", "_writer_args")
_FIGURES = {"MatplotlibDataset", "MatplotlibWriter"}
# Where they are from, and what they are called; they write to their ``_filepath`` without asking.
_WRITE_THEIR_PATH = {
    ("kedro_datasets.biosequence", "BioSequenceDataset"),
    ("kedro_datasets.dask", "CSVDataset"),
    ("kedro_datasets.dask", "ParquetDataset"),
    ("kedro_datasets_experimental.netcdf", "NetCDFDataset"),
    ("kedro_datasets_experimental.video", "VideoDataset"),
}
# Their path has no protocol where it is one of this machine; what writes there is another library, in this process.
_WRITE_HERE = {("kedro_datasets.ibis", "FileDataset")}
# Their writers leave alone what they do not write; ``overwrite`` empties the folder of Dask first.
_ADD_FILES = {("kedro_datasets.dask", "ParquetDataset"), ("kedro_datasets.huggingface", "ArrowDataset")}
_EMPTY_THEIR_FOLDER = {("kedro_datasets.partitions", "PartitionedDataset")}
# Their ``save`` opens the save path once, and writes through that handle and to nothing else. Not here: those whose
# library puts the name of a file into it (Pillow, in PDF) or may write more than one (GeoPandas, Polars' lazy frames).
_OPEN_ONE_FILE = {
    ("kedro_datasets.email", "EmailMessageDataset"),
    ("kedro_datasets.holoviews", "HoloviewsWriter"),
    ("kedro_datasets.json", "JSONDataset"),
    ("kedro_datasets.matlab", "MatlabDataset"),
    ("kedro_datasets.networkx", "GMLDataset"),
    ("kedro_datasets.networkx", "GraphMLDataset"),
    ("kedro_datasets.networkx", "JSONDataset"),
    ("kedro_datasets.openxml", "DocxDataset"),
    ("kedro_datasets.openxml", "PptxDataset"),
    ("kedro_datasets.pandas", "CSVDataset"),
    ("kedro_datasets.pandas", "ExcelDataset"),
    ("kedro_datasets.pandas", "FeatherDataset"),
    ("kedro_datasets.pandas", "HDFDataset"),
    ("kedro_datasets.pandas", "JSONDataset"),
    ("kedro_datasets.pandas", "ParquetDataset"),
    ("kedro_datasets.pandas", "XMLDataset"),
    ("kedro_datasets.pickle", "PickleDataset"),
    ("kedro_datasets.plotly", "HTMLDataset"),
    ("kedro_datasets.plotly", "JSONDataset"),
    ("kedro_datasets.plotly", "PlotlyDataset"),
    ("kedro_datasets.polars", "CSVDataset"),
    ("kedro_datasets.polars", "EagerPolarsDataset"),
    ("kedro_datasets.svmlight", "SVMLightDataset"),
    ("kedro_datasets.text", "TextDataset"),
    ("kedro_datasets.yaml", "YAMLDataset"),
}
_OUR_DATASETS = f"{__name__.partition('.')[0]}.datasets"
# Archives name what is in them after the file; other backends may compress by default.
_COMPRESSED = (".7z", ".br", ".bz2", ".gz", ".lz4", ".lzma", ".tgz", ".xz", ".zip", ".zst")
_PLAIN_BACKENDS = (None, "pickle", "cloudpickle", "dill")
_MOUNTS = "/proc/self/mountinfo"
# File systems of this machine that do with names and open files what Linux says. On network drives a file that is held
# while another takes its place is first renamed, and rights are judged elsewhere. Those of btrfs cannot be told by the
# device of a file, which is one of its own for each subvolume.
_LOCAL_FILE_SYSTEMS = frozenset({"ext2", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "xfs"})
_ON = ("1", "true", "yes", "on")


def is_staged(dataset: Any, target: PurePath) -> bool:
    """Tell whether a save to a local path can and may be staged."""
    protocol = getattr(dataset, "_protocol", None)
    if protocol is None:
        # Only a concrete path is local for certain: Spark's are pure and may mean another file system.
        if not isinstance(target, Path) and not _writes_here(dataset):
            return False
    elif protocol not in LOCAL_PROTOCOLS:
        return False
    return setting(dataset, "atomic") is not False and not _adds_to_target(dataset)


def _writes_here(dataset: Any) -> bool:
    """Tell whether a dataset is known to mean this machine by a pure path."""
    if not _is_one_of(type(dataset), _WRITE_HERE) or getattr(dataset, "_fs_prefix", None) != "":
        return False
    connection = getattr(dataset, "_connection_config", None)
    return isinstance(connection, dict) and connection.get("backend") != "pyspark"


def wants_sync(dataset: Any) -> bool:
    """Tell whether data must be on the disk when a save is over: as the entry says, else the environment."""
    wanted = setting(dataset, "fsync")
    if isinstance(wanted, bool):
        return wanted
    return (_environment.read("FSYNC") or "").lower() in _ON


def folder_rule(dataset: Any) -> FolderRule | None:
    """Return what a save does with the files of a folder that is there; None where only the dataset knows.

    Raises:
        DatasetError: the entry says something else than ``replace`` or ``merge``.
    """
    rule = setting(dataset, "folder")
    if rule is None:
        rule = getattr(dataset, "_folder_rule", None) or _rule_of_known(dataset)
    if rule not in (None, "replace", "merge"):
        raise DatasetError(
            f"The metadata of {dataset!s} say 'folder: {rule}'. Known: 'replace' (the folder holds what was saved "
            "last) and 'merge' (other files stay)."
        )
    known: FolderRule | None = rule
    return known


def _rule_of_known(dataset: Any) -> FolderRule | None:
    """Return what classes of other packages are known to do with a folder of theirs."""
    if not _FIGURES.isdisjoint(cls.__name__ for cls in type(dataset).__mro__):
        return "replace" if getattr(dataset, "_overwrite", False) else "merge"
    if _is_one_of(type(dataset), _ADD_FILES):
        options = getattr(dataset, "_save_args", None)
        return "replace" if isinstance(options, dict) and options.get("overwrite") else "merge"
    return None


def writes_its_path(cls: type) -> bool:
    """Tell whether a class is known to write to its ``_filepath``, and to nothing else."""
    return _is_one_of(cls, _WRITE_THEIR_PATH)


@functools.lru_cache(maxsize=128)  # Asked twice for each save.
def opens_one_file(cls: type) -> bool:
    """Tell whether the ``save`` of a class is known to open the path that it asked for once, and no other.

    What is derived from such a class may do more.
    """
    home = _home(cls)
    if home != _OUR_DATASETS:
        return (home, cls.__name__) in _OPEN_ONE_FILE
    save: Any = getattr(cls, "save")  # noqa: B009 - not every class has one.
    return getattr(cls, "_HANDLE", None) is not None and save.__qualname__ == "FileDataset.save"


def needs_its_name(dataset: Any, name: str) -> bool:
    """Tell whether the name of the one file that such a dataset writes may end up in it, as with compression."""
    if name.lower().endswith(_COMPRESSED) or getattr(dataset, "_backend", None) not in _PLAIN_BACKENDS:
        return True
    for attribute in _SAVE_OPTIONS:
        options = getattr(dataset, attribute, None)
        if options and _may_compress(options):
            return True
    return False


def empties_its_folder(dataset: Any) -> bool:
    """Tell whether a dataset with many files removes them all before it writes, when told to overwrite."""
    return getattr(dataset, "_overwrite", False) is True and _is_one_of(type(dataset), _EMPTY_THEIR_FOLDER)


def _is_one_of(cls: type, known: set[tuple[str, str]]) -> bool:
    return any((_home(base), base.__name__) in known for base in cls.__mro__)


def _home(cls: type) -> str:
    return ".".join(cls.__module__.split(".")[:2])


def can_stand_in(dataset: Any, mode: int | None) -> bool:
    """Tell whether a rename can take the place of writing to what is there: its mode, or None for nothing.

    It cannot for pipes and devices; nor for folders, as long as nobody says whether a writer adds to what is there.
    """
    return mode is None or S_ISREG(mode) or (S_ISDIR(mode) and folder_rule(dataset) is not None)


def lists_a_folder(cls: type) -> bool:
    """Tell whether a class takes each file of a folder for a dataset, as ``PartitionedDataset`` does."""
    return hasattr(cls, "_list_partitions")


def saves_what_it_lists(cls: type, save_func: Any) -> bool:
    """Tell whether a raw ``save`` is that of the class which lists the files.

    One that is put over it, to upload the files for instance, may look at what that has saved.
    """
    lister: Any = next(base for base in cls.__mro__ if "_list_partitions" in vars(base))
    return getattr(lister.save, "__wrapped__", None) is save_func


def local_file_system(device: int) -> str | None:
    """Return what file system a device (``st_dev``) has, if that is known to be one of this machine."""
    return _local_devices().get(device)


def takes_new_files(folder: str) -> bool:
    """Tell whether a folder is there, on such a file system, and this user may add files to it."""
    try:
        device = os.stat(folder).st_dev
    except OSError:
        return False
    return device in _local_devices() and os.access(folder, os.W_OK | os.X_OK)


@functools.cache
def _local_devices() -> dict[int, str]:
    """Read once what is mounted; what comes later is unknown."""
    try:
        mounts = Path(_MOUNTS).read_bytes().decode("utf-8", "replace").splitlines()
    except OSError:
        # Another system, or none that shows what is mounted.
        return {}
    devices: dict[int, str] = {}
    for mount in mounts:
        # "36 35 98:0 /root /place rw,noatime master:1 - ext4 /dev/sda rw"; a path has no spaces of its own there.
        where, _, what = mount.partition(" - ")
        major, _, minor = where.split()[2].partition(":")
        devices[os.makedev(int(major), int(minor))] = what.split()[0]
    return {device: kind for device, kind in devices.items() if kind in _LOCAL_FILE_SYSTEMS}


def local_folder_of(dataset: Any) -> str | None:
    """Return the folder on this machine whose files a dataset lists; None where there is none."""
    path = getattr(dataset, "_path", None)
    if not isinstance(path, (str, os.PathLike)) or getattr(dataset, "_protocol", "file") not in LOCAL_PROTOCOLS:
        return None
    text = os.fspath(path)
    for protocol in LOCAL_PROTOCOLS:
        text = text.removeprefix(f"{protocol}://")
    return os.path.abspath(os.path.expanduser(text))


def setting(dataset: Any, key: str) -> Any:
    """Return what the catalog entry of a dataset says in the section of its metadata that is for us."""
    metadata = getattr(dataset, "metadata", None)
    if isinstance(metadata, dict):
        for name in _SECTIONS:
            section = metadata.get(name)
            if isinstance(section, dict) and key in section:
                return section[key]
    return None


def written_through(target: Any) -> str:
    """Return the file itself if the target is a link, as opening it would write there."""
    return place_and_mode(target)[0]


def place_and_mode(target: Any) -> tuple[str, int | None]:
    """Return what opening the target would write to, and its mode; None where nothing is there."""
    path = str(target)
    try:
        mode = os.lstat(path).st_mode
        if S_ISLNK(mode):
            path = str(os.path.realpath(path))
            mode = os.lstat(path).st_mode
    except OSError:
        return path, None
    return path, mode


def _adds_to_target(dataset: Any) -> bool:
    """Tell whether the save needs what is there already: appending, exclusive creation and their like."""
    for name in _SAVE_OPTIONS if opens_one_file(dataset.__class__) else (*_SAVE_OPTIONS, "_init_args"):
        options = getattr(dataset, name, None)
        if options and _has_other_mode(options):
            return True
    return False


def _may_compress(options: Any) -> bool:
    if not isinstance(options, dict):
        return False
    for key, value in options.items():
        if "compress" in str(key).lower():
            return True
        if isinstance(value, dict) and _may_compress(value):
            return True
    return False


def _has_other_mode(options: Any) -> bool:
    if not isinstance(options, dict):
        return False
    for key, value in options.items():
        if isinstance(value, dict):
            if "load" not in str(key) and _has_other_mode(value):
                return True
        elif (key == "mode" and isinstance(value, str) and not _replaces(value)) or (key == "append" and value is True):
            return True
    return False


def _replaces(mode: str) -> bool:
    return mode == "overwrite" or (mode.startswith("w") and "+" not in mode)
