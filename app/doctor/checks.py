"""The checks of `python -m app doctor`.

A check looks and reports, and changes nothing.
"""

from __future__ import annotations

from app.doctor.checks_install import check_disk, check_libraries, check_packages, check_python
from app.doctor.checks_model import check_accelerators, check_model, check_pose_model
from app.doctor.checks_use import check_camera, check_page
from app.doctor.finding import Check

CHECKS: dict[str, Check] = {
    "python": check_python,
    "packages": check_packages,
    "libraries": check_libraries,
    "disk": check_disk,
    "pose model": check_pose_model,
    "action model": check_model,
    "accelerators": check_accelerators,
    "camera": check_camera,
    "page": check_page,
}
