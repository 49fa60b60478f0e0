"""Transcoding: one dataset under several names.

``table@pandas`` and ``table@spark`` are two entries of the catalog but one dataset to the pipeline.
"""

TRANSCODING_SEPARATOR = "@"


def _transcode_split(element: str) -> tuple[str, str]:
    """Split a name into the dataset and the transcoding, which is empty when there is none.

    Raises:
        ValueError: the name has more than one separator.
    """
    base, separator, suffix = element.partition(TRANSCODING_SEPARATOR)
    if separator and TRANSCODING_SEPARATOR in suffix:
        raise ValueError(
            f"Expected maximum 1 transcoding separator, "
            f"found {element.count(TRANSCODING_SEPARATOR)} instead: '{element}'."
        )
    return base, suffix


def _strip_transcoding(element: str) -> str:
    """Return the name of the dataset without its transcoding."""
    return _transcode_split(element)[0]


def base_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names without their transcoding; the same tuple when none has one."""
    # Nearly no name is transcoded, and asking all of them at once is cheaper than splitting each.
    for name in names:
        if TRANSCODING_SEPARATOR in name:
            return tuple(_strip_transcoding(each) for each in names)
    return names
