"""What numba compiles gives what NumPy gives, to the last bit."""

import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.cells.views import compiled
from napari_cellcycle.cells.views.compiled_grey import CompiledGrey
from napari_cellcycle.cells.views.content import Population
from napari_cellcycle.cells.views.contrast import dna_contrast
from napari_cellcycle.cells.views.drawing import Taps
from napari_cellcycle.cells.views.geometry import resampling, sums
from napari_cellcycle.cells.views.grey import Grey, Part
from napari_cellcycle.cells.views.recipe import ViewRecipe
from napari_cellcycle.cells.views.views import make_views
from napari_cellcycle.errors import SegmentationError
from napari_cellcycle.image.reading import open_image, open_labels
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.image.stack import Segmentation
from napari_cellcycle.image.window import Window

pytest.importorskip("numba")

DTYPES = ("uint8", "uint16", "float32")
DEEP = Spacing(2.0, 0.26, 0.26, "user")
FLAT = Spacing(1.0, 0.65, 0.65, "user")
PLANE = ViewRecipe(channels=("dna",), axes=("z",), size=40, unit="population", mask=False)
RECIPES = {
    "projections": ViewRecipe(),
    "sharpened, z and x": ViewRecipe(axes=("z", "x"), sharpen=True, size=30),
    "without a mask": ViewRecipe(mask=False, size=20),
    "a volume": ViewRecipe(axes=("volume",), size=12),
    "micrometres, much foreground": ViewRecipe(unit="um", extent=8.0, foreground=0.05),
    "a window": ViewRecipe(unit="px", extent=9.0, intensity="window", mask=False, size=18),
}


@pytest.fixture(autouse=True)
def kernels():
    assert compiled.load(*DTYPES)
    yield
    compiled.unload()


def both(work):
    """What NumPy gives, and what the kernels give."""
    compiled.unload()
    plain = work()
    assert compiled.load(*DTYPES)
    return plain, work()


def assert_same_views(channels, labels, recipe, spacing, labels_are, population=None):
    segmentation = Segmentation(np.asarray(labels[:, :, :])[None], labels_are, "labels")
    cells = cell_table(segmentation, spacing)
    plain, quick = both(lambda: make_views(channels, labels, cells, recipe, population))
    np.testing.assert_array_equal(quick.images, plain.images)
    np.testing.assert_array_equal(quick.radius, plain.radius)
    assert plain.images.any()
    dna = channels[recipe.channels.index(recipe.reference)]
    alone, quickly_alone = both(lambda: dna_contrast(dna, labels, cells))
    np.testing.assert_array_equal(quickly_alone, alone)
    plain, quick = both(
        lambda: make_views(channels, labels, cells, recipe, population, contrast=True)
    )
    np.testing.assert_array_equal(plain.contrast, alone)
    np.testing.assert_array_equal(quick.contrast, alone)


def real(data_dir, name, labels):
    image, segmentation = (data_dir / f"{stem}.ome.tif" for stem in (name, labels))
    stack, found = open_image(image), open_labels(segmentation, labels_are="nucleus")
    return [stack.volume(0, c) for c in range(len(stack.channels))], found.volume(0)


def as_dtype(volume, dtype):
    if dtype == "uint8":
        return (volume / max(volume.max() / 255, 1)).astype(dtype)
    return volume.astype(dtype)


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("outline", ["nuclei", "cells"])
def test_real_cells_in_3d(data_dir, outline, name):
    stem = "organoid_h2b_membrane_3d_t302"
    channels, labels = real(data_dir, stem, f"{stem}_{outline}_labels")
    kind = "nucleus" if outline == "nuclei" else "cell"
    assert_same_views(channels, labels, RECIPES[name], DEEP, kind)


@pytest.mark.parametrize("dtype", [*DTYPES, "int16", "uint32", "float64", ">u2"])
def test_types_of_images(data_dir, dtype):
    channels, labels = real(data_dir, "nuclei_cells_3d", "nuclei_cells_3d_nuclei_labels")
    channels = [as_dtype(volume, dtype) for volume in channels]
    assert_same_views(channels, labels, ViewRecipe(), FLAT, "nucleus")
    assert_same_views([channels[0] - channels[0].max(), None], labels, ViewRecipe(), FLAT, "cell")


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "uint64"])
def test_types_of_labels(data_dir, dtype):
    channels, labels = real(data_dir, "flat_cells_3d", "flat_cells_3d_labels")
    part = np.s_[:, 700:1000, 600:900]
    cut = [volume[part] for volume in channels]
    assert_same_views([cut[0], None], labels[part].astype(dtype), ViewRecipe(), FLAT, "nucleus")


@pytest.mark.parametrize(
    "recipe",
    [
        PLANE,
        replace(PLANE, mask=True, dilate=1.0, intensity="population"),
        replace(PLANE, unit="cell", mask=True),
        ViewRecipe(),
    ],
    ids=["shown as it is", "masked", "by its own size", "of a stack"],
)
def test_real_cells_in_2d(data_dir, recipe):
    channels, labels = real(data_dir, "h2b_field_2d_t1", "h2b_field_2d_t1_labels")
    channels = [channels[0], None][: len(recipe.channels)]
    assert_same_views(channels, labels, recipe, FLAT, "nucleus", Population(6.0, 2e4, 40))


@pytest.mark.parametrize("labels_are", ["nucleus", "cell"])
@pytest.mark.parametrize("shape", [(1, 9, 9), (1, 1, 30), (4, 7, 8), (3, 150, 90)])
def test_odd_cells(shape, labels_are):
    """One voxel, a row, the whole image, and some at the border."""
    random = np.random.default_rng(1)
    channels = [random.integers(0, 65536, shape, np.uint16) for _ in range(2)]
    labels = np.zeros(shape, np.int32)
    labels[:, :, : shape[2] // 2] = 3
    labels[-1, -1, -1], labels[0, 0, :4] = 7, 9
    assert_same_views(channels, labels, ViewRecipe(size=16), DEEP, labels_are)
    labels[:] = 1
    assert_same_views(channels, labels, ViewRecipe(size=16), DEEP, labels_are)


def drawn_at_once(monkeypatch):
    """A list that grows by every cell that is drawn in one call."""
    seen, view = [], CompiledGrey.view

    def spied(*arguments):
        seen.append(1)
        return view(*arguments)

    monkeypatch.setattr(CompiledGrey, "view", spied)
    return seen


@pytest.mark.parametrize(
    ("recipe", "dtype", "number"),
    [
        (ViewRecipe(), "uint8", 2),
        (ViewRecipe(), "float32", 2),
        (ViewRecipe(axes=("z",), channels=("membrane", "dna")), "uint16", 2),
        (ViewRecipe(channels=("dna",)), "uint16", 2),
        (ViewRecipe(mask=False), "uint16", 0),
        (ViewRecipe(sharpen=True), "uint16", 0),
        (ViewRecipe(unit="um"), "uint16", 0),
        (ViewRecipe(axes=("volume",), size=8), "uint16", 0),
        (ViewRecipe(channels=("dna", "membrane", "tubulin")), "uint16", 0),
    ],
)
def test_which_cells_are_drawn_at_once(monkeypatch, recipe, dtype, number):
    random = np.random.default_rng(2)
    channels = [random.integers(0, 200, (5, 20, 20)).astype(dtype) for _ in recipe.channels]
    labels = np.zeros((5, 20, 20), np.uint8)
    labels[1:4, 3:9, 4:9], labels[1:3, 12:18, 12:19] = 1, 2
    cells = cell_table(Segmentation(labels[None], "nucleus", "labels"), DEEP)
    seen = drawn_at_once(monkeypatch)
    make_views(channels, labels, cells, recipe)
    assert len(seen) == number
    assert_same_views(channels, labels, recipe, DEEP, "nucleus")


def test_what_does_not_fit_one_call_is_drawn_in_steps(monkeypatch):
    """A channel of another type, one with a value that is no number, sums beyond 64 bits."""
    random = np.random.default_rng(3)
    channels = [random.integers(0, 200, (4, 20, 20)).astype("float32") for _ in range(2)]
    labels = np.zeros((4, 20, 20), np.uint8)
    labels[1:3, 5:15, 5:14] = 1
    cells = cell_table(Segmentation(labels[None], "nucleus", "labels"), FLAT)
    seen = drawn_at_once(monkeypatch)
    make_views([channels[0], channels[1].astype("uint8")], labels, cells, ViewRecipe())
    channels[1][2, 10, 10] = np.inf
    make_views(channels, labels, cells, ViewRecipe())
    wide = np.zeros((1, 40_000, 1400), np.uint8)
    wide[0, ::39_999], wide[0, 7, 3] = 1, 0
    cells = cell_table(Segmentation(wide[None], "cell", "labels"), FLAT)
    assert np.prod(wide.shape) * wide.shape[1] > 1 << 31
    make_views([wide, None], wide, cells, ViewRecipe(size=4))
    assert not seen


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(DTYPES),
    st.sampled_from(["nucleus", "cell"]),
    st.tuples(st.integers(1, 6), st.integers(2, 25), st.integers(2, 25)),
    st.sampled_from([DEEP, FLAT, Spacing(0.3, 0.7, 0.2, "user")]),
    st.integers(2, 9000),
)
def test_random_cells(seed, dtype, labels_are, shape, spacing, top):
    """Several labels in pieces, few and many grey values."""
    random = np.random.default_rng(seed)
    top = min(top, 255) if dtype == "uint8" else top
    dna, membrane = random.integers(0, top, (2, *shape)).astype(dtype)
    blocks = random.integers(0, 4, -(-np.array(shape) // 5))
    labels = np.kron(blocks, np.ones((5, 5, 5), int))[tuple(map(slice, shape))]
    labels[tuple(edge // 2 for edge in shape)] = 9
    try:
        cells = cell_table(Segmentation(labels[None], labels_are, "labels"), spacing)
    except SegmentationError:  # most labels lie in pieces far apart
        reject()
    recipe = ViewRecipe(size=12, dilate=float(random.random()), extent=float(1 + random.random()))
    plain, quick = both(lambda: make_views([dna, membrane], labels, cells, recipe, contrast=True))
    for name in ("images", "radius", "contrast"):
        np.testing.assert_array_equal(getattr(quick, name), getattr(plain, name))


def test_nothing_is_compiled_while_views_are_made(data_dir):
    """Whatever the memory of an image looks like: that would take seconds."""
    from napari_cellcycle.cells.views import kernels

    functions = [f for f in vars(kernels).values() if hasattr(f, "signatures")]
    assert len(functions) > 5
    before = [len(f.signatures) for f in functions]
    channels, labels = real(data_dir, "nuclei_cells_3d", "nuclei_cells_3d_nuclei_labels")
    cells = cell_table(Segmentation(labels[None], "nucleus", "labels"), FLAT)
    expected = make_views(channels, labels, cells, ViewRecipe()).images
    for change in (
        lambda a: np.broadcast_to(a, a.shape),  # cannot be written to
        np.asfortranarray,
        lambda a: np.repeat(a, 2, axis=2)[:, :, ::2],
        lambda a: a.astype(a.dtype.newbyteorder()),
        lambda a: Window(a.shape, a.dtype, (30, 40, 50), a.__getitem__),
    ):
        pair = [change(volume) for volume in channels]
        for recipe in (ViewRecipe(), ViewRecipe(extent=1, mask=False)):
            views = make_views(pair, change(labels), cells, recipe)
        dna_contrast(pair[0], change(labels), cells)
        views = make_views(pair, change(labels), cells, ViewRecipe())
        np.testing.assert_array_equal(views.images, expected)
    # a cell that fills an image which cannot be written to
    all_of_it, one = (np.broadcast_to(a, a.shape) for a in (channels[0], np.ones_like(labels)))
    cells = cell_table(Segmentation(one[None], "nucleus", "labels"), FLAT)
    make_views([all_of_it, None], one, cells, ViewRecipe())
    assert [len(f.signatures) for f in functions] == before


def test_no_number_is_left_to_numpy():
    values = np.ones((2, 3, 4), np.float32)
    assert type(compiled.grey_of(values)) is not Grey
    for odd in (np.nan, np.inf, -np.inf):
        values[1, 1, 1] = odd
        assert type(compiled.grey_of(values)) is Grey


numbers = st.floats(-1e6, 1e6, width=32)
wholes = st.integers(0, 255)
boxes = npst.array_shapes(min_dims=3, max_dims=3, max_side=7)
values = (
    npst.arrays(np.float32, boxes, elements=numbers)
    | npst.arrays(np.float32, boxes, elements=st.sampled_from([-0.0, 0.0, 1e-40, -1.5, 3e38]))
    | npst.arrays(st.sampled_from([np.uint8, np.uint16]), boxes, elements=wholes)
)
quickly = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def masks(grey):
    return npst.arrays(bool, grey.shape).filter(np.any)


@quickly
@given(st.data(), values, st.floats(0, 100))
def test_grey_values(data, grey, q):
    where = data.draw(masks(grey))
    plain, quick = Grey(grey), compiled.grey_of(grey)
    assert type(quick) is not Grey
    assert quick.percentiles(where, q, 98) == plain.percentiles(where, q, 98)
    assert quick.percentiles(None, q) == plain.percentiles(None, q)


@quickly
@given(st.data(), values, st.tuples(*[st.integers(0, 2)] * 6), st.integers(2, 9))
def test_pictures(data, grey, margins, size):
    """Of a mask anywhere in a box, along some axes."""
    where = data.draw(masks(grey))
    before, after = margins[:3], margins[3:]
    place = tuple(slice(a, a + edge) for a, edge in zip(before, grey.shape, strict=True))
    box = tuple(slice(0, along.stop + b) for along, b in zip(place, after, strict=True))
    shape = tuple(along.stop for along in box)
    axes = data.draw(st.permutations("xyz"))[: data.draw(st.integers(1, 3))]
    taps = compiled.taps_of(box, (2.0, 0.5, 0.7), (1.0, 2.0, 1.5), 4.0, size)
    pictures = np.zeros((2, len(axes), 2, size, size), np.float32)
    for out, way in zip(pictures, (Grey(grey), compiled.grey_of(grey)), strict=True):
        Part(way, where, place, shape, -3.0, 200.0).draw(axes, taps, out, 1)
    np.testing.assert_array_equal(*pictures)
    assert not pictures[:, :, 0].any()


@quickly
@given(st.data(), values, st.floats(0, 1), st.booleans())
def test_the_foreground(data, grey, share, is_nucleus):
    """Of a label anywhere in the box, with a margin or without, and others beside it."""
    start = [data.draw(st.integers(0, edge - 1)) for edge in grey.shape]
    stop = [data.draw(st.integers(a + 1, edge)) for a, edge in zip(start, grey.shape, strict=True)]
    place = tuple(map(slice, start, stop))
    core = data.draw(masks(grey[place]))
    margin = data.draw(st.integers(0, 2))
    free = data.draw(npst.arrays(bool, grey.shape)) if is_nucleus else None
    edges = (1.0, 1.0, 1.0)
    plain, quick = (
        way.foreground(core, place, free, margin, edges, share)
        for way in (Grey(grey), compiled.grey_of(grey))
    )
    assert type(quick.inner) is not Grey
    for name in ("background", "white", "top", "sums", "place"):
        assert getattr(quick, name) == getattr(plain, name)
    np.testing.assert_array_equal(quick.near, plain.near)
    np.testing.assert_array_equal(quick.bright, plain.bright)
    np.testing.assert_array_equal(quick.inner.values, plain.inner.values)
    plain, quick = (
        way.surrounded(core, place, margin, edges) for way in (Grey(grey), compiled.grey_of(grey))
    )
    np.testing.assert_array_equal(quick[0], plain[0])
    assert quick[1:] == plain[1:]
    around = data.draw(npst.arrays(bool, grey.shape))
    begin = [data.draw(st.integers(0, edge - 1)) for edge in grey.shape]
    part = tuple(map(slice, begin, grey.shape))
    plain, quick = (way.surface(around, part) for way in (Grey(grey), compiled.grey_of(grey)))
    np.testing.assert_array_equal(quick, plain)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("spread", [0, 3, 4000])
def test_percentiles_of_many_values(dtype, spread):
    """So many that a sample says where to look, also where it is wrong: it sees planes of noise."""
    random = np.random.default_rng(spread)
    grey = 100 + np.abs(random.normal(0, spread, (30, 41, 47)))
    grey[:, :, ::2] = random.uniform(0, 200, grey[:, :, ::2].shape)
    grey.reshape(-1)[::16] = 60_000
    grey = np.minimum(grey, np.iinfo("uint8").max if dtype == "uint8" else grey).astype(dtype)
    for share in (0.02, 0.6, 1):
        where = random.random(grey.shape) <= share
        qs = (0, 0.01, 5, 25, 50, 93.75, 98, 99.5, 100)
        assert compiled.grey_of(grey).percentiles(where, *qs) == Grey(grey).percentiles(where, *qs)


@quickly
@given(npst.arrays(bool, boxes))
def test_sums(mask):
    assert compiled.sums_of(mask) == sums(mask)


edges = st.tuples(*[st.floats(0.1, 3)] * 3)


@quickly
@given(
    st.tuples(*[st.integers(1, 50)] * 3),
    edges,
    st.tuples(*[st.floats(-5, 40)] * 3),
    st.floats(0.5, 30),
    st.integers(2, 40),
)
def test_weights(ns, step, centre, half, size):
    box = tuple(slice(3, 3 + n) for n in ns)
    for along, *lengths, found in zip(
        box, step, centre, compiled.taps_of(box, step, centre, half, size), strict=True
    ):
        n, first = along.stop - along.start, along.start * lengths[0]
        expected = resampling(n, first, *lengths, half, size)
        matrix, pixel = np.zeros_like(expected), np.arange(size)
        for tap, weights in enumerate(found.weights):
            matrix[pixel, found.first + tap] = weights
        np.testing.assert_array_equal(matrix, expected)
        # also what no weight counts: beside what is no number, none is not nothing
        for one, other in zip(found, Taps.of(expected), strict=True):
            np.testing.assert_array_equal(one, other)


def wait_for_kernels():
    for thread in threading.enumerate():
        if thread.name == "kernels":
            thread.join()


def test_kernels_are_loaded_once_it_pays(monkeypatch):
    compiled.unload()
    monkeypatch.setattr(compiled, "WORTH", 100)
    compiled.expect(60, "uint16")
    wait_for_kernels()
    assert not compiled.is_ready("uint16")
    compiled.expect(60, "uint16")
    wait_for_kernels()
    assert compiled.is_ready("uint16")
    assert not compiled.is_ready("float32")
    compiled.expect(1, "float64")
    wait_for_kernels()
    assert compiled.is_ready("float32")


def test_without_numba_numpy_goes_on(monkeypatch):
    compiled.unload()
    monkeypatch.setattr(compiled, "WORTH", 0)
    monkeypatch.setitem(sys.modules, "napari_cellcycle.cells.views.kernels", None)
    assert not compiled.load("uint16")
    monkeypatch.setattr(compiled, "find_spec", lambda name: None)
    compiled.expect(10, "uint16")
    assert not any(thread.name == "kernels" for thread in threading.enumerate())
    assert type(compiled.grey_of(np.ones((1, 2, 2), np.uint16))) is Grey


def test_a_compiler_that_fails_is_reported_and_does_without(monkeypatch, caplog):
    from napari_cellcycle.cells.views import kernels

    compiled.unload()
    monkeypatch.setattr(compiled, "WORTH", 0)
    monkeypatch.setattr(kernels, "percentiles", None)
    compiled.expect(1, "uint16")
    wait_for_kernels()
    assert "without" in caplog.text
    assert not compiled.is_ready("uint16")
    assert type(compiled.grey_of(np.ones((1, 2, 2), np.uint16))) is Grey
