"""What several tests of evaluation share: a labelled store and a model of three branches."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.branches import Branches
from tests.training.evaluation.labelled import JMB, SHAPE, labelled_store
from training.data.store import Store


@pytest.fixture(scope="package")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("labelled")
    return labelled_store(folder, np.arange(60) % 3, np.array([1] * 36 + [0] * 24), people=2)


@pytest.fixture
def branches() -> Branches:
    torch.manual_seed(0)
    return Branches(JMB, SHAPE, (8, 4))
