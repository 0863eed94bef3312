"""Command-line options for a configuration's fields."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from models.system.options import at_least_0, number, path
from training.config.schema import C, parse_modalities
from training.config.sources import PRESETS, from_sources

# The configurations say more of what fits.
_NUMBERS = {int: at_least_0, float: number(0)}


def _parse_weights(text: str) -> dict[str, float]:
    """Parse "ekem=1,ikem=0.5" as a dictionary."""
    pairs = (word.split("=") for word in text.replace(" ", "").split(","))
    return {name: _NUMBERS[float](value) for name, value in pairs}


def _described(kind: type) -> dict[str, str]:
    """Read the fields' descriptions from the docstrings of the class and its bases, by field."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        _, _, text = (base.__doc__ or "").partition("Attributes:")
        for name, words in re.findall(r"^ {8}(\w+): (.+(?:\n {9,}.+)*)", text, re.MULTILINE):
            found[name] = " ".join(words.split()).replace("%", "%%")
    return found


def _reader(kind: Any) -> Any:
    """Return the function that turns an option's text into a field's value."""
    origin = typing.get_origin(kind)
    if origin is tuple:
        inner = _reader(typing.get_args(kind)[0])
        return lambda text: tuple(inner(word) for word in text.replace(" ", "").split(",") if word)
    if origin is dict:
        return _parse_weights
    if origin in (typing.Union, types.UnionType):
        return _reader(next(a for a in typing.get_args(kind) if a is not type(None)))
    return _NUMBERS.get(kind, kind)


def _options(kind: type, prefix: str = "") -> list[tuple[str, Any, str]]:
    """List the dotted name, type and help of every field.

    The fields of nested dataclasses are listed too.
    """
    hints, words, out = typing.get_type_hints(kind), _described(kind), []
    for entry in fields(kind):
        if dataclasses.is_dataclass(hints[entry.name]):
            out += _options(hints[entry.name], f"{entry.name}.")
        else:
            out.append((prefix + entry.name, hints[entry.name], words.get(entry.name, "")))
    return out


def add_options(parser: argparse.ArgumentParser, kind: type[C]) -> None:
    """Add an option for every field of a configuration (--lr, --shape.dropout ...), plus --preset and --config."""
    group = parser.add_argument_group("configuration", "every value of the preset can be changed")
    group.add_argument("--preset", choices=tuple(PRESETS), default="paper", help="(default: %(default)s)")
    group.add_argument("--config", type=path, metavar="FILE", help="YAML file with `key: value` lines")
    presets = {name: from_sources(kind, name) for name in PRESETS}
    for name, hint, text in _options(kind):
        text = f"{text.rstrip('.')} ({_values(name, presets)})".replace("%", "%%")
        option = "--" + name.replace("_", "-")
        how: dict[str, Any] = {"default": argparse.SUPPRESS, "dest": name, "help": text}
        if name == "modalities":
            group.add_argument(option, type=read_modalities, metavar="j,m,b,a,r,o", **how)
        elif hint is bool:
            group.add_argument(option, action=argparse.BooleanOptionalAction, **how)
        else:
            group.add_argument(option, type=_reader(hint), metavar=name.rsplit(".")[-1].upper(), **how)


def _values(name: str, presets: Mapping[str, Any]) -> str:
    """Say which value each preset gives a field ("300; compact: 200"), once where they agree."""
    said = {preset: _shown(functools.reduce(getattr, name.split("."), config)) for preset, config in presets.items()}
    if len(set(said.values())) == 1:
        return next(iter(said.values()))
    return "; ".join(f"{preset}: {value}" for preset, value in said.items())


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (tuple, dict)):
        return ",".join(map(str, value)) or "none"
    return str(value)


def read_modalities(text: str) -> tuple[str, ...]:
    """Parse an option's text as modalities, by names or letters (`parse_modalities`)."""
    try:
        return parse_modalities(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def from_args(kind: type[C], args: argparse.Namespace) -> C:
    """Build the configuration that the options of `add_options` describe."""
    names = {name for name, _, _ in _options(kind)}
    return from_sources(kind, args.preset, args.config, {k: v for k, v in vars(args).items() if k in names})
