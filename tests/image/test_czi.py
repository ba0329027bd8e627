from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import dask.array as da
import pytest

from napari_cellcycle.errors import ImageReadError
from napari_cellcycle.image import containers, open_image


class FakeCzi:
    """Speaks as bioio's image of a CZI does, of which there is no free small file.

    Parameters
    ----------
    shapes : sequence of tuple of int
        Y and x of each scene.
    order : str
        Axes of the reader, with M where it has tiles.
    """

    def __init__(self, shapes=((8, 10),), order="TCZYX"):
        self.scenes = tuple(f"P{i}" for i in range(len(shapes)))
        self.metadata = ElementTree.fromstring("<ImageDocument/>")
        self.dims = SimpleNamespace(order="TCZYX")
        self.channel_names = ["DAPI"]
        self.physical_pixel_sizes = SimpleNamespace(Z=1.0, Y=0.2, X=0.2)
        self._shapes, self._order = shapes, order
        self.set_scene(0)

    def set_scene(self, index):
        y, x = self._shapes[index]
        self.dask_data = da.zeros((1, 1, 3, y, x), chunks=(1, 1, 1, y, x))
        self.reader = SimpleNamespace(dims=SimpleNamespace(order=self._order, Y=y, X=x))


def _read(image, scene=None):
    return containers._read(lambda **options: image, Path("a.czi"), scene)


def test_scenes_that_a_czi_does_not_list_are_told_of():
    image = FakeCzi(shapes=((8, 10), (8, 10)))
    size = "<Metadata><Information><Image><SizeS>{}</SizeS></Image></Information></Metadata>"
    for n, told in ((2, ()), (5, ("a.czi holds 5 scenes and lists 2",))):
        image.metadata = ElementTree.fromstring(f"<ImageDocument>{size.format(n)}</ImageDocument>")
        notes = _read(image).notes
        assert len(notes) == len(told)
        assert all(note.startswith(start) for note, start in zip(notes, told, strict=True))


def test_colours_of_a_czi_are_read_together_and_red_first():
    def start(**options):
        """Give every sample the first one's values, as bioio-czi 3.0 does by default."""
        image = FakeCzi()
        together = "A" in options.get("chunk_dims", ())
        blue, green, red = (10, 20, 30) if together else (10, 10, 10)
        image.set_scene = lambda index: None
        image.dask_data = da.stack([da.full((1, 1, 1, 4, 5), v) for v in (blue, green, red)], -1)
        image.dims.order = "TCZYXS"
        return image

    found = containers._read(start, Path("a.czi"), None)
    assert found.data[0, 0, 0, 0, 0].compute().tolist() == [30, 20, 10]


def test_a_scene_larger_than_the_first_is_refused():
    """Reading it would end the program: aicspylibczi writes past the end of its memory."""
    image = FakeCzi(shapes=((40, 60), (30, 60), (50, 60)))
    for scene, y in ((None, 40), ("P1", 30)):
        assert _read(image, scene).data.shape == (1, 1, 3, y, 60)
    says = r"Scene P2 of a\.czi is larger than its first, \(50, 60\) and \(40, 60\) pixels"
    with pytest.raises(ImageReadError, match=says):
        _read(image, 2)
    tiled = FakeCzi(shapes=((40, 60), (50, 60)), order="MTCZYX")
    assert _read(tiled, 1).data.shape == (1, 1, 3, 50, 60)


def test_czi_that_zeiss_own_library_wrote(tmp_path):
    """Where it is installed: the reader's view of a file agrees with what the writer was told."""
    writer = pytest.importorskip("pylibCZIrw.czi")
    pytest.importorskip("bioio_czi")
    import numpy as np

    data = np.random.default_rng(5).integers(0, 4000, (2, 2, 3, 20, 30)).astype(np.uint16)
    with writer.create_czi(str(tmp_path / "a.czi")) as file:
        for t, c, z in np.ndindex(2, 2, 3):
            file.write(data[t, c, z, ..., None], plane={"T": t, "C": c, "Z": z})
        file.write_metadata(
            document_name="a",
            channel_names={0: "DAPI", 1: "405"},
            scale_x=1e-7,
            scale_y=1.2e-7,
            scale_z=5e-7,
        )
    stack = open_image(tmp_path / "a.czi")
    assert stack.channels == ("DAPI", "405")
    assert stack.spacing.zyx == pytest.approx((0.5, 0.12, 0.1))
    np.testing.assert_array_equal(stack.data, data)
