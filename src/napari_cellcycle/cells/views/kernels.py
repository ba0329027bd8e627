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
    """All values in a row, those outside of a mask made the largest; the mask's size and ends."""
    flat, where = grey.reshape(-1), mask.reshape(-1)
    result, found = np.empty(flat.size, grey.dtype), np.empty(2, grey.dtype)
    dark, bright = ends[0], ends[1]
    least, most, n = bright, dark, 0
    # one loop after the other: together they would not take many voxels at a time
    for i in range(flat.size):
        result[i] = flat[i] if where[i] else bright
    for i in range(flat.size):
        least = result[i] if result[i] < least else least
    for i in range(flat.size):
        shown = flat[i] if where[i] else dark
        most = shown if shown > most else most
    for i in range(flat.size):
        n += where[i]
    found[0], found[1] = least, most
    return result, n, found


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
    for turn in range(turns):
        if turn == 1:
            first, place = low, place + 2 * aside
            high = np.int64(ends[1])
        elif turn == 2:
            last, low, high = low, np.int64(ends[0]), np.int64(ends[1])
            some, place = values, rank
        asked = 0
        while low < high:
            bound = low + (high - low) // 2
            if turn == 2 and asked < 2:  # is it where the sample says?
                bound = min(max(last if asked == 0 else first - 1, low), high - 1)
                asked += 1
            like[0] = bound
            if _count(some, like[0]) > place:
                high = bound
            else:
                low = bound + 1
    like[0] = low
    found, top = like[0], ends[1]
    after = top
    for i in range(values.size):
        value = values[i] if values[i] > found else top
        after = value if value < after else after
    return found, found if _count(values, found) > rank + 1 else after


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
        values, size, ends = inside(grey, mask, ends)
    result = np.empty(qs.size)
    for i in range(qs.size):
        result[i] = _percentile(values, size, qs[i], ends, keyed)
    return result


@_compiled
def median_step(grey, ends):
    """Median difference of neighbours along x, of unsigned whole numbers."""
    depth, height, width = grey.shape
    steps = np.empty((depth, height, width - 1), grey.dtype)
    for z in range(depth):
        for y in range(height):
            row, target = grey[z, y], steps[z, y]
            for x in range(width - 1):
                a, b = row[x], row[x + 1]
                target[x] = a - b if a > b else b - a
    return _percentile(steps.reshape(-1), steps.size, 50.0, ends, None)


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
def foreground(grey, core, core_at, near, near_at, free, share, least, ends, keyed):
    """Background, mask, foreground, sums of that, and grey values in its box: ``Grey.foreground``.

    Parts lie ``at`` a place of the box of ``grey``; ``free`` fills it, or is empty; with
    fewer than ``least`` voxels it does not tell the background.
    """
    own = np.empty(core.shape, grey.dtype)
    _cut(own, grey, core_at)
    bright = background = 0.0
    for turn in range(2):
        box, where, q = own, core, 98.0 if turn == 0 else 10.0
        if turn and free.size:
            box, where, q = grey, free, 25.0
        values, size, found = inside(box, where, ends)
        if turn and free.size and size < least:
            values, size, found, q = grey.reshape(-1), grey.size, ends, 1.0
        bright, background = background, _percentile(values, size, q, found, keyed)
    inner, mask = own, near
    if free.size:
        inner, mask = np.empty(near.shape, grey.dtype), np.empty(near.shape, np.uint8)
        at = (core_at[0] - near_at[0], core_at[1] - near_at[1], core_at[2] - near_at[2])
        _reached(mask, near, free, near_at, core, at)
        _cut(inner, grey, near_at)
    level = background + share * max(bright - background, 0.0)
    seen = _above(inner, level, mask, ends, keyed)
    return background, mask, seen, sums(seen), inner


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
def _larger(result, one, other):
    for i in range(result.size):
        result[i] = one[i] if one[i] > other[i] else other[i]


@_compiled
def _onto(result, other):
    for i in range(result.size):
        result[i] = other[i] if other[i] > result[i] else result[i]


@_compiled
def project(grey, mask, ends, low, high, keyed):
    """Largest values inside a mask along x, y and z, scaled, one after the other in one row."""
    depth, height, width = mask.shape
    size, dark = height * width, ends[0]
    result = np.empty(depth * (height + width) + size, grey.dtype)
    along_z = result[depth * (height + width) :]
    # planes that are read and written in turns; beyond the last row there is nothing
    plane, other = np.empty(size + width, grey.dtype), np.empty(size + width, grey.dtype)
    folded = np.empty(size, grey.dtype)
    for i in range(size):
        along_z[i] = dark
    for i in range(size, size + width):
        plane[i] = other[i] = dark
    values, where = grey.reshape(-1), mask.reshape(-1)
    for z in range(depth):
        bright, shown = values[z * size : (z + 1) * size], where[z * size : (z + 1) * size]
        for i in range(size):
            plane[i] = bright[i] if shown[i] else dark
        _onto(along_z, plane[:size])
        rows = (height + 1) // 2  # half of the rows onto the others
        _larger(folded[: rows * width], plane[: rows * width], plane[size - rows * width : size])
        while rows > 1:
            half = rows // 2
            _onto(folded[: half * width], folded[(rows - half) * width : rows * width])
            rows -= half
        row = result[depth * height + z * width :]
        for x in range(width):
            row[x] = folded[x]
        seen = 1
        while seen < width:  # each turn sees up to twice as far
            shift = min(seen, width - seen)
            _larger(other[:size], plane[:size], plane[shift : shift + size])
            plane, other = other, plane
            seen += shift
        row = result[z * height :]
        for y in range(height):
            row[y] = plane[y * width]
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
def _weights(n, first, step, centre, half, size):
    """Weights of voxels for pixels, as ``geometry.resampling``, and in the same order."""
    result = np.zeros((size, n), np.float32)
    pitch = 2 * half / size
    support = max(step, pitch)
    pad = 2 * math.ceil(support / step) + 1
    for i in range(size):
        target = centre - half + (i + 0.5) * pitch
        # a voxel more on each side than can count
        begin = max(math.floor((target - support - first) / step) - 1, -pad)
        end = min(math.ceil((target + support - first) / step) + 2, n + pad)
        total = 0.0
        for k in range(begin, end):
            total += max(0.0, 1 - abs(target - (first + k * step)) / support)
        for k in range(max(begin, 0), min(end, n)):
            weight = max(0.0, 1 - abs(target - (first + k * step)) / support)
            result[i, k] = weight / total if total > 0 else weight
    return result


@_compiled
def weights(n, first, step, centre, half, size):
    """Weights along z, y and x."""
    z = _weights(n[0], first[0], step[0], centre[0], half, size)
    y = _weights(n[1], first[1], step[1], centre[1], half, size)
    return z, y, _weights(n[2], first[2], step[2], centre[2], half, size)
