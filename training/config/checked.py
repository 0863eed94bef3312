"""Settings as a file says them: whether there are such keys, and values of their kind."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_args, get_origin, get_type_hints

_KINDS: dict[Any, tuple[tuple[type, ...], str]] = {
    int: ((int,), "a whole number"), float: ((int, float), "a number"), bool: ((bool,), "true or false"),
    str: ((str,), "a word"),
}  # fmt: skip


def check_settings(kind: type, values: Mapping[Any, Any], inside: str = "") -> None:
    """Refuse keys that a configuration does not have, and values that are not of their kind.

    Args:
        kind: dataclass of the configuration, of numbers, truth values, words, tuples and mappings of these, and
            dataclasses of such.
        values: by key; those of an inner dataclass as a mapping, or made already.
        inside: what stands before a key's name, such as "views.".

    Raises:
        ValueError: there is no such key, or its value is of another kind; the message says what may stand there.
    """
    hints = get_type_hints(kind)
    for key, value in values.items():
        name = f"{inside}{key}"
        if key not in hints:
            known = ", ".join(inside + entry.name for entry in fields(kind))
            raise ValueError(f"there is no {name}; there are {known}")
        wanted = hints[key]
        if isinstance(wanted, type) and dataclasses.is_dataclass(wanted):
            if isinstance(value, Mapping):
                check_settings(wanted, value, f"{name}.")
            elif not isinstance(value, wanted):
                raise ValueError(f"{name} must hold `key: value` pairs; got {value!r}")
        elif get_origin(wanted) is tuple:
            _check_each(value if isinstance(value, list | tuple) else None, get_args(wanted)[0], name, "a list", value)
        elif get_origin(wanted) is dict:
            each = list(value.values()) if isinstance(value, Mapping) else None
            _check_each(each, get_args(wanted)[1], name, "`key: value` pairs", value)
        elif not _is(value, wanted):
            raise ValueError(f"{name} must be {_KINDS[wanted][1]}; got {value!r}{_as_yaml_writes(value, wanted)}")


def _check_each(each: Any, wanted: Any, name: str, several: str, value: Any) -> None:
    strange = [] if each is None else [one for one in each if not _is(one, wanted)]
    if each is None or strange:
        hint = _as_yaml_writes(strange[0], wanted) if strange else ""
        raise ValueError(f"{name} must be {several}, each {_KINDS[wanted][1]}; got {value!r}{hint}")


def _is(value: Any, wanted: Any) -> bool:
    return isinstance(value, _KINDS[wanted][0]) and (wanted is bool or not isinstance(value, bool))


def _as_yaml_writes(value: Any, wanted: Any) -> str:
    """Say how a number is written that YAML takes for text, such as 1e-5; "" of anything else."""
    try:
        number = float(value) if isinstance(value, str) and wanted in (int, float) else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or (wanted is int and not number.is_integer()):
        return ""
    text = str(int(number)) if wanted is int else repr(number)
    return f", which YAML takes for text; write {text if '.' in text else text.replace('e', '.0e')}"
