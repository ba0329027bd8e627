from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import ndimage

from napari_cellcycle.cells.views.geometry import dilate, percentile

numbers = st.floats(-1000, 1000, width=32)


grey = npst.arrays(
    st.sampled_from([np.uint8, np.int64]), st.integers(1, 60), elements=st.integers(0, 255)
)


@given(npst.arrays(np.float32, st.integers(1, 60), elements=numbers) | grey, st.floats(0, 100))
def test_a_percentile_is_that_of_numpy(values, q):
    expected = np.percentile(values.astype(np.float64), q)
    np.testing.assert_allclose(percentile(values, q), expected, rtol=1e-9, atol=1e-6)


@given(
    npst.arrays(bool, npst.array_shapes(min_dims=3, max_dims=3, max_side=9)),
    st.floats(0, 8),
    st.tuples(*[st.sampled_from([0.5, 1.0, 2.0])] * 3),
)
def test_a_box_dilates_as_a_maximum_filter_does(mask, reach, step):
    expected = mask
    for d in range(3):
        n = int(reach / step[d] + 0.5)
        if mask.shape[d] > 1:
            expected = ndimage.maximum_filter1d(
                expected.view(np.uint8), 2 * n + 1, axis=d, mode="constant"
            ).view(bool)
    np.testing.assert_array_equal(dilate(mask, reach, np.array(step)), expected)
    if mask.any():
        (box,) = ndimage.find_objects(mask.astype(int))
        np.testing.assert_array_equal(dilate(mask, reach, np.array(step), box), expected)
