"""The browser's constants are those of the Python modules, and JSON holds them."""

import importlib
import json

import numpy as np

from app.site.constants import MIRRORED, constants


def test_they_are_the_modules_own() -> None:
    said = json.loads(json.dumps(constants(), allow_nan=False))
    assert said["app.stream.decision"]["SMOOTHING_S"] == importlib.import_module("app.stream.decision").SMOOTHING_S
    assert said["app.pose.tracker"]["FRESH_S"] == importlib.import_module("app.pose.tracker")._FRESH_S
    assert said["models.labels"]["SILENT"] == ["idle", "other"]
    bridge_VL = importlib.import_module("models.skeleton").BRIDGE_VL
    np.testing.assert_array_equal(np.array(said["models.skeleton"]["BRIDGE_VL"], np.float32), bridge_VL)


def test_every_number_of_a_mirrored_module_is_there() -> None:
    said = constants()
    for module in MIRRORED:
        names = vars(importlib.import_module(module))
        upper = [n for n, value in names.items() if n.isupper() and type(value) in (int, float) and np.isfinite(value)]
        assert {n.removeprefix("_") for n in upper} <= said[module].keys()


def test_no_name_hides_another() -> None:
    for module in MIRRORED:
        upper = [name.removeprefix("_") for name in vars(importlib.import_module(module)) if name.isupper()]
        assert len(set(upper)) == len(upper), module


def test_what_json_cannot_hold_is_left_out() -> None:
    assert "TYPE_CHECKING" not in constants()["app.stream.person"]
    assert "MAGIC" not in constants()["app.landmarks.file_format"]  # bytes
