"""The voxel spacing: prefilled from the layers, typed by a person, or said to be isotropic."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from napari_cellcycle.errors import SpacingError
from napari_cellcycle.image.spacing import Spacing, parse_spacing, resolve_spacing


class SpacingEdit(QWidget):
    """Three fields in micrometres, z, y and x, and a check for isotropic voxels."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: Spacing | None = None
        self._is_2d = False
        self.fields: dict[str, QLineEdit] = {}
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for axis in "zyx":
            field = QLineEdit()
            field.setObjectName(f"spacing-{axis}")
            field.setPlaceholderText(axis)
            field.setToolTip(f"Distance between voxel centres along {axis}, micrometres")
            field.setMinimumWidth(40)
            field.textEdited.connect(self.changed)
            self.fields[axis] = field
            row.addWidget(field)
        row.addWidget(QLabel("µm"))
        self.isotropic = QCheckBox("isotropic voxels, size unknown")
        self.isotropic.setObjectName("isotropic")
        self.isotropic.setToolTip(
            "Voxels are as deep as they are wide. Sizes are then relative to each cell."
        )
        self.isotropic.toggled.connect(self._on_isotropic)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self.isotropic)

    def set_found(self, found: Spacing | None, *, is_2d: bool) -> None:
        """Show the spacing of the layers; what was typed for other layers is dropped."""
        if found == self._found and is_2d == self._is_2d:
            return
        self._found, self._is_2d = found, is_2d
        with QSignalBlocker(self.isotropic):
            self.isotropic.setChecked(False)
        for axis, field in self.fields.items():
            field.setText("" if found is None else f"{getattr(found, axis):.6g}")
        self._enable()

    @property
    def is_isotropic(self) -> bool:
        """Whether a person said that voxels are isotropic."""
        return self.isotropic.isChecked()

    def typed(self) -> Spacing | None:
        """Return what a person typed, or ``None`` where the fields show what the layers say.

        Raises
        ------
        SpacingError
            If the fields are no positive numbers.
        """
        axes = "yx" if self._is_2d else "zyx"
        texts = {axis: self.fields[axis].text().strip().replace(",", ".") for axis in axes}
        if self.is_isotropic or not any(texts.values()):
            return None
        if self._found is not None and all(
            text == f"{getattr(self._found, axis):.6g}" for axis, text in texts.items()
        ):
            return None
        try:
            return parse_spacing([float(text) for text in texts.values()])
        except (ValueError, SpacingError):
            raise SpacingError(
                f"Spacing has to be {len(axes)} positive numbers ({', '.join(axes)}), micrometres."
            ) from None

    def resolved(self, *, is_2d: bool) -> Spacing:
        """Return the spacing that holds: typed, isotropic, the layers', or (2D) the cell's size.

        Raises
        ------
        SpacingError
            If the data are 3D and nothing says.
        """
        typed = self.typed()
        if typed is None and self._found is None and not is_2d and not self.is_isotropic:
            raise SpacingError(
                "3D cells need the distance between voxels: type z, y and x in micrometres, or "
                "tick isotropic voxels."
            )
        return resolve_spacing(self._found, user=typed, isotropic=self.is_isotropic, is_2d=is_2d)

    def _on_isotropic(self) -> None:
        self._enable()
        self.changed.emit()

    def _enable(self) -> None:
        for axis, field in self.fields.items():
            field.setEnabled(not self.is_isotropic)
            field.setVisible(not (axis == "z" and self._is_2d))
        self.isotropic.setVisible(not self._is_2d)
