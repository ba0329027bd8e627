"""Our own errors: each names what was found, what was expected, and the next step."""


class CellCycleError(Exception):
    """Base of every error that a user can act on."""


class ImageReadError(CellCycleError):
    """An image or a segmentation could not be read."""


class MissingExtraError(ImageReadError):
    """A file needs a reader that is not installed; the message names the extra."""


class SpacingError(CellCycleError):
    """The voxel spacing of 3D data is unknown or unusable."""


class ChannelError(CellCycleError):
    """A channel that a model needs is missing or named ambiguously."""


class SegmentationError(CellCycleError):
    """A segmentation is empty, or holds no integer labels."""


class SegmentationMismatchError(SegmentationError):
    """A segmentation and its image differ in shape or spacing."""


class ViewError(CellCycleError):
    """Views cannot be made as the model wants them."""


class ModelError(CellCycleError):
    """A model cannot be used for what was asked."""


class ModelNotFoundError(ModelError):
    """No model of that name or path."""


class ModelFormatError(ModelError):
    """A model folder is incomplete, altered or of an unknown format."""


class DeviceError(CellCycleError):
    """The requested device does not exist on this machine."""


class CropSetError(CellCycleError):
    """A crop set lacks an array, or its arrays disagree."""


class TrainingError(CellCycleError):
    """A recipe is wrong, or a model cannot be trained as asked."""


class TrackError(CellCycleError):
    """Tracks are not of the cells of an image, or contradict themselves."""


class ProjectError(CellCycleError):
    """A project cannot be opened, read or written."""


class ReadOnlyProjectError(ProjectError):
    """A project that may only be looked at was to be changed."""


class InputChangedError(ProjectError):
    """An image or a segmentation of a project was moved, or is another one now."""


class CellCycleWarning(UserWarning):
    """Something a user should know that does not stop the work."""
