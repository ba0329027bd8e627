"""A recipe: which network is trained on which views, and how."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from napari_cellcycle.cells.views.recipe import ViewRecipe
from napari_cellcycle.errors import TrainingError
from napari_cellcycle.models.networks import ARCHITECTURES
from napari_cellcycle.train.fit.plan import FitPlan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cellcycle.models.card import Architecture
    from napari_cellcycle.train.data.cropset import CropSet


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """Everything that training needs to know but the data.

    Parameters
    ----------
    name : str
    source : str
        The publication, or whose idea it is.
    note : str
        How it differs from the publication.
    description, limits : str
        What every model made by it is, and cannot do, whatever it was trained on; for the card.
    published : tuple of str
        Settings, such as ``fit.optimizer``, that the publication states; all others are ours.
    vocabulary : str or tuple of str
        A built-in vocabulary, phases of its own, or none: then the labels of the data are the
        phases.
    labels : mapping of str to str or tuple of str
        Labels of data sets and the phase that each means, or the phases that it may mean; an empty
        one drops the cell. Labels that a data set lacks do no harm.
    architecture : Architecture
        With all its parameters.
    pretrained : bool
        Start from ImageNet weights.
    views : ViewRecipe
        Without channels it takes all that the data have; an ``extent`` of 0 is the whole crop.
    fit : FitPlan
    start : str
        Model whose networks give the layers that fit, where training would else begin at random.
    both : tuple of str
        Phases of which training also shows all parts of a crop as one cell: segmentation gives the
        two daughters of an anaphase one label, or two.
    folds : int
        Of a cross-validation beside the training; 0 for none.
    search : mapping of str to tuple
        Values that a search tries, for ``learning_rate`` and parameters of the architecture.
    """

    name: str
    source: str
    architecture: Architecture
    views: ViewRecipe = field(default_factory=ViewRecipe)
    fit: FitPlan = field(default_factory=FitPlan)
    vocabulary: str | tuple[str, ...] = ()
    labels: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    pretrained: bool = False
    start: str = ""
    both: tuple[str, ...] = ()
    folds: int = 0
    search: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    published: tuple[str, ...] = ()
    note: str = ""
    description: str = ""
    limits: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    def for_data(self, crops: CropSet) -> TrainingRecipe:
        """Complete the views with what only the data know: channels, axes, and the crops' size.

        Channels that the data lack are left out, and so are axes along which 2D data cannot be
        projected.

        Raises
        ------
        TrainingError
            If none of the channels is there, stacks are needed and the crops are 2D, or the other
            way round.
        """
        views = self.views
        channels = tuple(role for role in views.channels if role in crops.channels)
        if not views.channels:
            channels = crops.channels
        elif not channels:
            raise TrainingError(
                f"{self.name} looks at {', '.join(views.channels)}, but {crops.name} has "
                f"{', '.join(crops.channels)}. Say which channel is which, such as --channel "
                f"{views.channels[0]}=0."
            )
        volumes = ARCHITECTURES[self.architecture.name].ndim == 3
        if volumes and crops.is_2d:
            raise TrainingError(
                f"{self.architecture.name} looks at volumes, but the crops of {crops.name} are 2D. "
                "Take another architecture, such as resnet18-projections."
            )
        if views.needs_population and not crops.is_2d:
            raise TrainingError(
                f"{self.name} compares each cell with the others of a 2D image, but the crops of "
                f"{crops.name} are stacks. Project them first, or take another recipe."
            )
        axes = ("z",) if crops.is_2d else views.axes
        extent = views.extent or max(crops.images.shape[-2:]) / 2
        return replace(
            self,
            views=replace(
                views, channels=channels, axes=("volume",) if volumes else axes, extent=extent
            ),
        )
