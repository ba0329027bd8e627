"""Loops over the voxels of one cell, compiled by numba; :mod:`.compiled` calls them.

All of them are in this file: numba's cache on the disk does not see changes in another one. Grey
values are whole numbers (``keyed``: not None if they are keys of float32), masks are uint8, 0 or 1,
and arrays ``(z, y, x)`` and contiguous. Loops run over a whole plane or box where they can:
processors take 32 voxels at a time, and rows are hardly longer than that. For the same reason what
a loop writes is never what it reads at another place. A function is compiled again wherever it is
called from, so that a call is written once where that is possible.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

_SAMPLE = 16  # of as many values, one is looked at first
_ENOUGH = 8192  # of fewer values, all are
_BLOCK = 1 << 15  # values that are counted together


def _compiled(function: Any) -> Any:
    try:
        return numba.njit(nogil=True, cache=True, error_model="numpy")(function)
    except RuntimeError:  # neither beside this file nor in the user's folder can anything be kept
        return numba.njit(nogil=True, error_model="numpy")(function)


@_compiled
def keys(values):
    """Whole numbers in the order of float32 values, and whether all of these are finite."""
    flat = values.reshape(-1).view(np.int32)
    result = np.empty(flat.size, np.int32)
    odd = 0
    for i in range(flat.size):
        bits = flat[i]
        odd += (bits & 0x7F800000) == 0x7F800000
        result[i] = bits if bits >= 0 else bits ^ 0x7FFFFFFF
    return result.reshape(values.shape), odd == 0


@_compiled
def sums(mask):
    """Total, first and second sums along z, y, x, as ``geometry.sums``: ``(7,)``, int64."""
    depth, height, width = mask.shape
    columns = np.zeros(width, np.int32)
    found = np.zeros(7, np.int64)
    for z in range(depth):
        for y in range(height):
            row = mask[z, y]
            n = 0
            for x in range(width):
                n += row[x]
                columns[x] += row[x]
            found[0] += n
            found[1] += n * z
            found[2] += n * y
            found[4] += n * z * z
            found[5] += n * y * y
    for x in range(width):
        found[3] += np.int64(columns[x]) * x
        found[6] += np.int64(columns[x]) * x * x
    return found


@_compiled
def inside(grey, mask, ends):
    """All values in a row, those outside of a mask made the largest, and the mask's size."""
    flat, where = grey.reshape(-1), mask.reshape(-1)
    result = np.empty(flat.size, grey.dtype)
    outside, n = ends[1], 0
    # one loop after the other: together they would not take many voxels at a time
    for i in range(flat.size):
        result[i] = flat[i] if where[i] else outside
    for i in range(flat.size):
        n += where[i]
    return result, n


@_compiled
def _few(values, bound):
    """How many values are no larger than a bound: fewer than 65,536, counted in 16 bits."""
    n = np.uint16(0)
    for i in range(values.size):
        n = np.uint16(n + np.uint16(values[i] <= bound))
    return n


@_compiled
def _count(values, bound):
    n = np.int64(0)
    for start in range(0, values.size, _BLOCK):
        n += np.int64(_few(values[start : start + _BLOCK], bound))
    return n


@_compiled
def ranked(values, rank, ends):
    """The value of a rank (from 0), one of ``ends`` or between them, and that of the next rank.

    Counting how many are no larger than a bound takes a thirtieth of what sorting takes, so that
    one can try many bounds. A sample tells where to look.
    """
    like = np.empty(1, values.dtype)
    low, high = np.int64(ends[0]), np.int64(ends[1])
    first, last = low, high
    turns = 1
    some, place, aside = values, rank, 0
    if values.size >= _ENOUGH:
        turns = 3
        some = values[::_SAMPLE].copy()
        middle = rank // _SAMPLE
        aside = 8 + int(3 * math.sqrt(middle * (1 - middle / some.size)))
        place = max(middle - aside, 0)
    upto = values.size  # as many are no larger than ``high``
    for turn in range(turns):
        if turn == 1:
            first, place = low, place + 2 * aside
            high = np.int64(ends[1])
        elif turn == 2:
            last, low, high = low, np.int64(ends[0]), np.int64(ends[1])
            some, place, upto = values, rank, values.size
        asked = 0
        while low < high:
            bound = low + (high - low) // 2
            if turn == 2 and asked < 2:  # is it where the sample says?
                bound = min(max(last if asked == 0 else first - 1, low), high - 1)
                asked += 1
            like[0] = bound
            n = _count(some, like[0])
            if n > place:
                high, upto = bound, n
            else:
                low = bound + 1
    like[0] = low
    found, after = like[0], ends[1]
    if upto > rank + 1:
        return found, found
    for i in range(values.size):
        value = values[i] if values[i] > found else ends[1]
        after = value if value < after else after
    return found, after


@_compiled
def _number(whole, keyed):
    """The grey value that a whole number stands for."""
    if keyed is None:
        return np.float64(whole)
    bits = np.empty(1, np.int32)
    bits[0] = whole if whole >= 0 else whole ^ 0x7FFFFFFF
    return np.float64(bits.view(np.float32)[0])


@_compiled
def _percentile(values, size, q, ends, keyed):
    """A percentile of the ``size`` least of values, none of which is beyond ``ends``."""
    place = q / 100 * (size - 1)
    below = int(place)
    whole, after = ranked(values, below, ends)
    low = _number(whole, keyed)
    return low if place == below else low + (_number(after, keyed) - low) * (place - below)


@_compiled
def percentiles(grey, mask, qs, ends, keyed):
    """Percentiles of the grey values in a mask, or of all where it is empty."""
    values, size = grey.reshape(-1), grey.size
    if mask.size:
        values, size = inside(grey, mask, ends)
    result = np.empty(qs.size)
    for i in range(qs.size):
        result[i] = _percentile(values, size, qs[i], ends, keyed)
    return result


@_compiled
def surface(grey, free, at, edges, least, ends):
    """Dark, and the median difference of neighbours along x, as ``Grey.surface``."""
    depth, height, width = edges
    part, around = np.empty(edges, grey.dtype), np.empty(edges, np.uint8)
    _cut(part, grey, at)
    _cut(around, free, at)
    rows, steps = part.reshape(-1, width), np.empty((depth * height, width - 1), grey.dtype)
    for i in range(len(rows)):
        row, target = rows[i], steps[i]
        for x in range(width - 1):
            a, b = row[x], row[x + 1]
            target[x] = a - b if a > b else b - a
    found = np.array((math.nan, 0.0))
    for turn in range(2):
        values, size = steps.reshape(-1), steps.size
        if turn == 0:
            values, size = inside(part, around, ends)
        if size >= (least if turn == 0 else 1):
            found[turn] = _percentile(values, size, 50.0, ends, None)
    return found[0], found[1]


@_compiled
def _copied(result, values):
    for i in range(result.size):
        result[i] = values[i]


@_compiled
def _either(result, one, other):
    for i in range(result.size):
        result[i] = one[i] | other[i]


@_compiled
def _cut(result, box, at):
    """Copy what lies at a place of a box."""
    depth, height, width = result.shape
    for z in range(depth):
        for y in range(height):
            _copied(result[z, y], box[at[0] + z, at[1] + y, at[2] : at[2] + width])


@_compiled
def _put(box, part, at):
    """Copy to a place of a box."""
    depth, height, width = part.shape
    for z in range(depth):
        for y in range(height):
            _copied(box[at[0] + z, at[1] + y, at[2] : at[2] + width], part[z, y])


@_compiled
def _reached(result, near, free, near_at, core, at):
    """What of a dilated label no other label has; ``at`` is where the label lies in it."""
    depth, height, width = near.shape
    for z in range(depth):
        for y in range(height):
            row, large = result[z, y], near[z, y]
            other = free[near_at[0] + z, near_at[1] + y, near_at[2] : near_at[2] + width]
            for x in range(width):
                row[x] = large[x] & other[x]
    depth, height, width = core.shape
    for z in range(depth):
        for y in range(height):
            row, own = result[at[0] + z, at[1] + y, at[2] : at[2] + width], core[z, y]
            for x in range(width):
                row[x] = row[x] | own[x]


@_compiled
def _above(grey, level, mask, ends, keyed):
    """Voxels of a mask that are brighter than a level."""
    floor = np.empty(1, np.float32)
    floor[0] = level
    floor[0] += np.float32(0)  # zero without a sign
    if keyed is None:
        bound = np.int64(math.floor(floor[0]))
    else:
        bound = np.int64(floor.view(np.int32)[0])
        bound = bound if bound >= 0 else bound ^ 0x7FFFFFFF
    like = np.empty(1, grey.dtype)
    like[0] = min(max(bound, np.int64(ends[0])), np.int64(ends[1]))
    limit, all_are = like[0], bound < np.int64(ends[0])
    result = np.empty(mask.shape, np.uint8)
    flat, values, where = result.reshape(-1), grey.reshape(-1), mask.reshape(-1)
    for i in range(flat.size):
        flat[i] = where[i] if values[i] > limit or all_are else 0
    return result


@_compiled
def foreground(grey, core, place, free, reach, step, share, least, fewest, ends, keyed):
    """Find the DNA of a cell, as ``Grey.foreground``; the fifth result is where its mask lies.

    The label lies at a ``place`` of the box of ``grey``; ``free`` fills the box, or is empty; with
    fewer than ``least`` voxels it does not tell the background, and a foreground with fewer than
    ``fewest`` is the label.
    """
    own = np.empty(core.shape, grey.dtype)
    _cut(own, grey, place)
    bright = background = 0.0
    for turn in range(2):
        box, where, q = own, core, 98.0 if turn == 0 else 10.0
        if turn and free.size:
            box, where, q = grey, free, 25.0
        values, size = inside(box, where, ends)
        if turn and free.size and size < least:
            values, size, q = grey.reshape(-1), grey.size, 1.0
        bright, background = background, _percentile(values, size, q, ends, keyed)
    inner, mask, first, at = own, core, place, (0, 0, 0)
    if free.size:
        near, first, at = _dilated(core, place, grey.shape, reach, step)
        inner, mask = np.empty(near.shape, grey.dtype), np.empty(near.shape, np.uint8)
        _reached(mask, near, free, first, core, at)
        _cut(inner, grey, first)
    level = background + share * max(bright - background, 0.0)
    seen = _above(inner, level, mask, ends, keyed)
    total = sums(seen)
    if total[0] < fewest:
        seen[:] = 0
        _put(seen, core, at)
        total = sums(seen)
    values, size = inside(inner, seen, ends)
    top = _percentile(values, size, 99.5, ends, keyed)
    return background, bright, top, mask, first, seen, total, inner


@_compiled
def surrounded(grey, core, place, reach, step, ends, keyed):
    """Dilate a label, and find the 5th and 99.5th percentile there, as ``Grey.surrounded``."""
    near, first, _ = _dilated(core, place, grey.shape, reach, step)
    mask = np.zeros(grey.shape, np.uint8)
    _put(mask, near, first)
    values, size = inside(grey, mask, ends)
    found = np.empty(2)
    for turn in range(2):
        found[turn] = _percentile(values, size, 5.0 if turn == 0 else 99.5, ends, keyed)
    return mask, found[0], found[1]


@_compiled
def _spread(flat, parts, row, edge, n, before, shape):
    """Dilate by ``n`` rows: ``parts`` of ``edge`` rows each, into parts of ``shape`` rows."""
    length = (shape + 2 * n) * row
    # rows of zeros end each part, so that all parts can be shifted together
    values = np.zeros(parts * length + 2 * n * row, np.uint8)
    other = np.empty_like(values)
    for part in range(parts):
        start = part * length + (before + n) * row
        _copied(values[start : start + edge * row], flat[part * edge * row :])
    seen, left = 1, values.size
    while seen < 2 * n + 1:  # each turn sees up to twice as far
        shift = min(seen, 2 * n + 1 - seen)
        left -= shift * row
        _either(other[:left], values[:left], values[shift * row :])
        values, other = other, values
        seen += shift
    result = np.empty(parts * shape * row, np.uint8)
    for part in range(parts):
        start = part * shape * row
        _copied(result[start : start + shape * row], values[part * length :])
    return result


@_compiled
def grow(mask, reach, before, shape):
    """Dilate by a box of ``reach`` voxels a side, as ``geometry.grow``, into a ``shape``."""
    (depth, height, width), flat = mask.shape, mask.reshape(-1)
    for axis in (2, 1, 0):  # a call, and so a loop, is compiled as often as it is written
        parts, row, edge = 1, shape[1] * shape[2], depth
        if axis == 1:
            parts, row, edge = depth, shape[2], height
        elif axis == 2:
            parts, row, edge = depth * height, 1, width
        flat = _spread(flat, parts, row, edge, reach[axis], before[axis], shape[axis])
    return flat.reshape(shape)


@_compiled
def _dilated(core, place, shape, reach, step):
    """Dilate a label that lies at a place, as ``geometry.grow``: where that lies, the label in it.

    As far as the ``shape`` goes; ``reach`` is in the units of ``step``.
    """
    n = (int(reach / step[0] + 0.5), int(reach / step[1] + 0.5), int(reach / step[2] + 0.5))
    first = (max(place[0] - n[0], 0), max(place[1] - n[1], 0), max(place[2] - n[2], 0))
    edges = (
        min(place[0] + core.shape[0] + n[0], shape[0]) - first[0],
        min(place[1] + core.shape[1] + n[1], shape[1]) - first[1],
        min(place[2] + core.shape[2] + n[2], shape[2]) - first[2],
    )
    at = (place[0] - first[0], place[1] - first[1], place[2] - first[2])
    return grow(core, n, at, edges), first, at


@_compiled
def _onto(result, other):
    for i in range(result.size):
        result[i] = other[i] if other[i] > result[i] else result[i]


@_compiled
def _most(row):
    most = row[0]
    for i in range(row.size):
        most = row[i] if row[i] > most else most
    return most


@_compiled
def project(grey, mask, ends, low, high, keyed):
    """Largest values inside a mask along x, y and z, scaled, one after the other in one row."""
    depth, height, width = mask.shape
    size, dark = height * width, ends[0]
    result = np.empty(depth * (height + width) + size, grey.dtype)
    along_z = result[depth * (height + width) :]
    plane = np.empty((height, width), grey.dtype)
    flat = plane.reshape(-1)
    values, where = grey.reshape(-1), mask.reshape(-1)
    for i in range(size):
        along_z[i] = dark
    for z in range(depth):
        bright, shown = values[z * size : (z + 1) * size], where[z * size : (z + 1) * size]
        for i in range(size):
            flat[i] = bright[i] if shown[i] else dark
        _onto(along_z, flat)
        row = result[depth * height + z * width :][:width]
        _copied(row, plane[0])
        for y in range(height):
            _onto(row, plane[y])
            result[z * height + y] = _most(plane[y])
    return _scaled(result, np.float32(low), np.float32(high - low), keyed)


@_compiled
def _scaled(whole, low, span, keyed):
    """Grey values as ``grey.scaled``."""
    result = np.empty(whole.size, np.float32)
    if keyed is None:
        for i in range(whole.size):
            result[i] = np.float32(whole[i])
    else:
        bits = result.view(np.int32)
        for i in range(whole.size):
            bits[i] = whole[i] if whole[i] >= 0 else whole[i] ^ 0x7FFFFFFF
    for i in range(result.size):
        value = (result[i] - low) / span
        value = value if value > 0 else np.float32(0)
        result[i] = value if value < 1 else np.float32(1)
    return result


@_compiled
def _taps(n, first, step, centre, half, size):
    """Voxels and weights of pixels, as ``Taps.of(geometry.resampling)``, summed in that order."""
    pitch = 2 * half / size
    support = max(step, pitch)
    pad = 2 * math.ceil(support / step) + 1
    start, totals, most = np.empty(size, np.int64), np.zeros(size), 1
    for i in range(size):
        target = centre - half + (i + 0.5) * pitch
        # a voxel more on each side than can count
        begin = max(math.floor((target - support - first) / step) - 1, -pad)
        end = min(math.ceil((target + support - first) / step) + 2, n + pad)
        start[i], seen = n, 0
        for k in range(begin, end):
            weight = max(0.0, 1 - abs(target - (first + k * step)) / support)
            totals[i] += weight
            if weight > 0 and 0 <= k < n:
                start[i], seen = min(start[i], k), seen + 1
        most = max(most, seen)
    result = np.empty((most, size), np.float32)
    for i in range(size):
        target = centre - half + (i + 0.5) * pitch
        start[i] = min(start[i], n - most) if start[i] < n else 0
        for tap in range(most):
            weight = max(0.0, 1 - abs(target - (first + (start[i] + tap) * step)) / support)
            result[tap, i] = weight / totals[i] if totals[i] > 0 else weight
    return start, result


@_compiled
def taps(n, first, step, centre, half, size):
    """Taps along z, y and x."""
    z = _taps(n[0], first[0], step[0], centre[0], half, size)
    y = _taps(n[1], first[1], step[1], centre[1], half, size)
    return z, y, _taps(n[2], first[2], step[2], centre[2], half, size)


@_compiled
def _resampled(result, picture, at, width, rows, columns):
    """Resample a picture that lies ``at`` a place of a larger one, of that ``width``, all dark."""
    (first, weights), size = columns, len(result)
    row = np.zeros(width, np.float32)
    lines = np.empty((len(picture) + 1, size), np.float32)
    lines[len(picture)] = 0  # what lies above and below
    for r in range(len(picture)):
        for c in range(picture.shape[1]):
            row[at[1] + c] = picture[r, c]
        for i in range(size):
            lines[r, i] = row[first[i]] * weights[0, i]
        for tap in range(1, len(weights)):
            for i in range(size):
                lines[r, i] += row[first[i] + tap] * weights[tap, i]
    first, weights = rows
    for i in range(size):
        for tap in range(len(weights)):
            line = first[i] + tap - at[0]
            line = line if 0 <= line < len(picture) else len(picture)
            weight = weights[tap, i]
            if tap == 0:
                for j in range(size):
                    result[i, j] = lines[line, j] * weight
            else:
                for j in range(size):
                    result[i, j] += lines[line, j] * weight


@_compiled
def draw(out, channel, axes, grey, mask, at, shape, ends, low, high, keyed, z, y, x):
    """Project along ``axes`` (0 to 2: x, y, z), scale and resample, as ``Grey.draw``."""
    depth, height, width = grey.shape
    flat = project(grey, mask, ends, low, high, keyed)
    for i in range(len(axes)):
        result = out[i, channel]
        if axes[i] == 0:
            picture = flat[: depth * height].reshape(depth, height)
            _resampled(result, picture, (at[0], at[1]), shape[1], z, y)
        elif axes[i] == 1:
            picture = flat[depth * height : depth * (height + width)].reshape(depth, width)
            _resampled(result, picture, (at[0], at[2]), shape[2], z, x)
        else:
            picture = flat[depth * (height + width) :].reshape(height, width)
            _resampled(result, picture, (at[1], at[2]), shape[2], y, x)


@_compiled
def _moments(found, step, flat):
    """Centre and radius, as ``geometry.moments``."""
    total, centre, spread = found[0], np.empty(3), np.empty(3)
    for d in range(3):
        first, second, edge = found[1 + d], found[4 + d], step[d]
        centre[d] = first / total * edge
        part = np.float64(second * total - first * first) / np.float64(total * total)
        spread[d] = part * (edge * edge) + edge * edge / 12
    if flat:
        return centre, math.sqrt(2 * (spread[1] + spread[2]))
    return centre, math.sqrt(5 / 3 * (spread[0] + spread[1] + spread[2]))


@_compiled
def view(
    out, axes, channel, grey, other, core, free, start, place, step, reach, other_reach, share,
    extent, around, edges, least, fewest, flat, ends, keyed,
):  # fmt: skip
    """Draw all pictures of a cell; its radius, white, and surface (where ``edges`` are not 0).

    DNA is the ``channel`` of this number, and ``other`` the other one of two, if it is not empty.
    The box of both begins at ``start`` of the volume, and ``around`` is a place in it.
    """
    low, white, high, mask, at, _, total, inner = foreground(
        grey, core, place, free, reach, step, share, least, fewest, ends, keyed
    )
    middle, radius = _moments(total, step, flat)
    corner = (start[0] * step[0], start[1] * step[1], start[2] * step[2])
    centre = (
        middle[0] + (start[0] + at[0]) * step[0],
        middle[1] + (start[1] + at[1]) * step[1],
        middle[2] + (start[2] + at[2]) * step[2],
    )
    z, y, x = taps(grey.shape, corner, step, centre, extent * radius, out.shape[2])
    for turn in range(2 if other.size else 1):
        if turn:
            inner, channel, at = other, 1 - channel, (0, 0, 0)
            mask, low, high = surrounded(other, core, place, other_reach, step, ends, keyed)
        if high > low:
            draw(out, channel, axes, inner, mask, at, grey.shape, ends, low, high, keyed, z, y, x)
        else:
            out[:, channel] = 0
    found = np.array((radius, white, math.nan, 0.0))
    if edges[0]:
        found[2], found[3] = surface(grey, free, around, edges, least, ends)
    return found
