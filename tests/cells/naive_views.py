"""The views of one cell, voxel by voxel, written from the docstring of view_cell."""

import itertools
import math


def percentile(values, q):
    values = sorted(float(v) for v in values)
    place = q / 100 * (len(values) - 1)
    low = math.floor(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def gyration(voxels, step, is_2d):
    """Centre and radius of the ball (disc) of the same radius of gyration; voxels are boxes."""
    axes = (1, 2) if is_2d else (0, 1, 2)
    centre = [sum(v[d] * step[d] for v in voxels) / len(voxels) for d in range(3)]
    square = sum(
        sum((v[d] * step[d] - centre[d]) ** 2 for v in voxels) / len(voxels) + step[d] ** 2 / 12
        for d in axes
    )
    # a ball of radius r has <r^2> = 3/5 r^2, a disc 1/2 r^2
    return centre, math.sqrt(square * (2 if is_2d else 5 / 3))


def dilated(voxels, reach, step, shape):
    n = [math.floor(reach / step[d] + 0.5) if shape[d] > 1 else 0 for d in range(3)]
    found = set()
    for v in voxels:
        ranges = [range(max(v[d] - n[d], 0), min(v[d] + n[d], shape[d] - 1) + 1) for d in range(3)]
        found.update(itertools.product(*ranges))
    return found


def naive_views(channels, labels, label, recipe, spacing, labels_are):
    """Return ``{(axis, channel): rows of pixels}`` and the radius."""
    shape = labels.shape
    step = spacing.zyx
    is_2d = shape[0] == 1
    every = list(itertools.product(*(range(n) for n in shape)))
    own = [v for v in every if labels[v] == label]
    _, label_radius = gyration(own, step, is_2d)
    is_nucleus = labels_are == "nucleus"
    other_reach = (recipe.membrane_dilate if is_nucleus else recipe.dilate) * label_radius
    around = dilated(own, other_reach, step, shape)
    mask = set(own)
    if is_nucleus:
        for v in dilated(own, recipe.dilate * label_radius, step, shape):
            if labels[v] == 0:
                mask.add(v)

    dna = channels[recipe.channels.index("dna")]
    if is_nucleus:
        reach = max(recipe.dilate, recipe.membrane_dilate) * label_radius
        box = []
        for d in range(3):
            margin = math.ceil(reach / step[d]) + 1
            first = min(v[d] for v in own) - margin
            last = max(v[d] for v in own) + margin
            box.append(range(max(first, 0), min(last, shape[d] - 1) + 1))
        near = list(itertools.product(*box))
        outside = [dna[v] for v in near if labels[v] == 0]
        background = (
            percentile(outside, 25) if len(outside) >= 64 else percentile([dna[v] for v in near], 1)
        )
    else:
        background = percentile([dna[v] for v in own], 10)
    bright = percentile([dna[v] for v in own], 98)
    level = background + recipe.foreground * max(bright - background, 0)
    foreground = [v for v in mask if dna[v] > level]
    if len(foreground) < 8:
        foreground = own
    centre, radius = gyration(foreground, step, is_2d)
    half = recipe.extent * (radius if recipe.unit == "cell" else 1)
    pitch = 2 * half / recipe.size

    def triangle(pixel, d):
        """Weight of each voxel index along ``d``; the grid goes on outside of the image."""
        target = centre[d] - half + (pixel + 0.5) * pitch
        support = max(step[d], pitch)
        first = math.floor((target - support) / step[d])
        last = math.ceil((target + support) / step[d])
        weights = {
            i: max(0.0, 1 - abs(target - i * step[d]) / support) for i in range(first, last + 1)
        }
        total = sum(weights.values())
        return {i: w / total for i, w in weights.items() if w > 0 and 0 <= i < shape[d]}

    weights = [[triangle(p, d) for p in range(recipe.size)] for d in range(3)]
    views = {}
    for c, volume in enumerate(channels):
        for axis in ("z",) if is_2d else recipe.axes:
            along = "zyx".index(axis)
            rows, columns = (d for d in range(3) if d != along)
            projection = {}
            if volume is not None:
                if recipe.channels[c] == "dna":
                    where, low = mask, background
                    high = percentile([dna[v] for v in foreground], 99.5)
                else:
                    where = around
                    low = percentile([volume[v] for v in around], 5)
                    high = percentile([volume[v] for v in around], 99.5)
                for v in where:
                    value = min(max((float(volume[v]) - low) / (high - low), 0), 1)
                    key = (v[rows], v[columns])
                    projection[key] = max(projection.get(key, 0), value)
            views[axis, c] = [
                [
                    sum(
                        wi * wj * projection.get((i, j), 0)
                        for i, wi in weights[rows][p].items()
                        for j, wj in weights[columns][q].items()
                    )
                    for q in range(recipe.size)
                ]
                for p in range(recipe.size)
            ]
    return views, radius
