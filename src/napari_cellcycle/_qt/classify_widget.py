"""Dock widget "Classify cells": layers in, phases on screen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QEvent, QSignalBlocker, Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_cellcycle._qt import inputs
from napari_cellcycle._qt.job import Job
from napari_cellcycle._qt.layer_watch import LayerWatch
from napari_cellcycle._qt.results import ResultPanel
from napari_cellcycle._qt.session import session_of
from napari_cellcycle._qt.spacing_edit import SpacingEdit
from napari_cellcycle.errors import CellCycleError
