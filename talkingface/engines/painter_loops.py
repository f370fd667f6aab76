"""The layers of the mouth painter as compiled loops, on one thread.

A layer's picture is float32 (channels, side + 2, 2, HALF_ROW), flat: rows with a margin of zeros, each split into its
even and its odd columns, counted with the margin. So both 3 x 3 convolutions, of every pixel and of every second one,
read and write runs of neighbours, which processors do for several at once.

Every pixel's 3 x 3 convolution goes by Winograd's way for tiles of 4 rows and 2 columns (Lavin & Gray 2016), which
takes 24 multiplications where the plain one takes 72. Lengths that stand in inner loops are constants: compilers then
know that runs do not overlap. All layers stand in one file because a kept loop would not notice that another file's
constants have changed.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from talkingface.compiled import compiled_fused
from talkingface.records import FloatArray

Words = NDArray[np.uint32]  # of four bytes each, red the lowest
Weights = tuple[FloatArray, FloatArray]  # of a layer: its weights, flat, and its biases

F32, U32, At = np.float32, np.uint32, np.uintp
HALF_ROW = 40  # floats kept for every second column of a row, margin included
ROW = 2 * HALF_ROW
PHASES = 4
GUIDE_CHANNELS = 4
COLOURS = 3
TAPS = 9
POOLED = 4  # side of the picture that guide and references are compared by as wholes
TILE_ROWS = 4
PRODUCTS = 24  # of Winograd's way: a tile's pixels are worked out from 6 x 4 numbers
ACROSS = 4  # of these stand side by side
TILES = 64  # that are multiplied together
RUN = TILES + 8  # floats from one of their numbers to the next; a power of two would crowd the caches
LEAK = F32(0.1)  # slope of activations below zero
PLAIN = F32(1)  # slope of no activation
BYTE = F32(255)


@compiled_fused
def unfold(guide: Words, seen: FloatArray) -> None:
    """Fill a picture with the phases of a guide's four bytes, from -0.5 to 0.5."""
    half = len(guide) // 2
    plane = (half + 2) * ROW
    for y in range(half):
        for below in range(2):
            row = guide[2 * y + below]
            for right in range(2):
                for odd in range(2):
                    # Columns are counted with the margin, so that even ones stand second.
                    to = ((2 * below + right) * GUIDE_CHANNELS) * plane + (y + 1) * ROW
                    to += odd if odd else HALF_ROW
                    column = 2 * odd + right
                    for t in range(half // 2):
                        pixel, at = row[At(column + 4 * t)], At(to + t)
                        seen[at] = _unit(pixel & U32(255))
                        seen[at + At(plane)] = _unit(U32(pixel >> U32(8)) & U32(255))
                        seen[at + At(2 * plane)] = _unit(U32(pixel >> U32(16)) & U32(255))
                        seen[at + At(3 * plane)] = _unit(U32(pixel >> U32(24)))


@compiled_fused
def _unit(byte: np.uint32) -> np.float32:
    return F32(np.int32(byte)) * F32(1 / 255) - F32(0.5)


@compiled_fused
def convolve(
    picture: FloatArray,
    layer: Weights,
    slope: np.float32,
    base: FloatArray,
    out: FloatArray,
    tiles: FloatArray,
    products: FloatArray,
    side: int,
    top: int,
    bottom: int,
) -> None:
    """Convolve each pixel's 3 x 3 neighbours.

    Args:
        picture: of any channels.
        layer: weights (PRODUCTS, out, in), turned into Winograd's, and biases.
        slope: of the activation below zero.
        base: what is added after it, as ``out``, or a row of zeros; not ``out`` itself.
        out: filled but for its margins.
        tiles: room of (in, PRODUCTS, RUN).
        products: room of (out, PRODUCTS, RUN).
        side: of both pictures.
        top: the first row that is wanted.
        bottom: the row after the last one, whole tiles below the first.
    """
    weights, bias = layer
    outs, half, plane = len(bias), side // 2, (side + 2) * ROW
    ins = len(weights) // (PRODUCTS * outs)
    together = TILES // half
    count = (bottom - top) // TILE_ROWS
    for begin in range(0, count, together):
        rows, first = min(together, count - begin), top + TILE_ROWS * begin
        for channel in range(ins):
            into = channel * PRODUCTS * RUN
            _to_tiles(picture, channel * plane + first * ROW, rows, half, tiles, into)
        _multiply(weights, tiles, products, ins, outs, rows * half)
        for channel in range(outs):
            from_, to = channel * PRODUCTS * RUN, channel * plane + (first + 1) * ROW
            _from_products(products, from_, rows, half, bias[channel], slope, base, out, to)


@compiled_fused
def _to_tiles(picture: FloatArray, begin: int, rows: int, half: int, tiles: FloatArray, to: int) -> None:
    """Turn each 6 x 4 pixels, one tile every four rows and two columns, into Winograd's numbers."""
    for row in range(rows):
        line, into = At(begin + TILE_ROWS * row * ROW), At(to + row * half)
        for t in range(half):
            i, k = line + At(t), into + At(t)
            a0, a1, a2, a3, a4, a5 = _down(picture, i)
            b0, b1, b2, b3, b4, b5 = _down(picture, i + At(HALF_ROW))
            c0, c1, c2, c3, c4, c5 = _down(picture, i + At(1))
            d0, d1, d2, d3, d4, d5 = _down(picture, i + At(HALF_ROW + 1))
            _across(tiles, k, a0, b0, c0, d0)
            _across(tiles, k + At(ACROSS * RUN), a1, b1, c1, d1)
            _across(tiles, k + At(2 * ACROSS * RUN), a2, b2, c2, d2)
            _across(tiles, k + At(3 * ACROSS * RUN), a3, b3, c3, d3)
            _across(tiles, k + At(4 * ACROSS * RUN), a4, b4, c4, d4)
            _across(tiles, k + At(5 * ACROSS * RUN), a5, b5, c5, d5)


@compiled_fused
def _down(
    picture: FloatArray, i: np.uintp
) -> tuple[np.float32, np.float32, np.float32, np.float32, np.float32, np.float32]:
    """Mix six pixels of a column."""
    a, b, c = picture[i], picture[i + At(ROW)], picture[i + At(2 * ROW)]
    d, e, f = picture[i + At(3 * ROW)], picture[i + At(4 * ROW)], picture[i + At(5 * ROW)]
    even, odd = e - F32(4) * c, d - F32(4) * b
    near, twice = e - c, F32(2) * (d - b)
    first, last = (F32(4) * a - F32(5) * c) + e, (F32(4) * b - F32(5) * d) + f
    return first, even + odd, even - odd, near + twice, near - twice, last


@compiled_fused
def _across(
    tiles: FloatArray, k: np.uintp, a: np.float32, b: np.float32, c: np.float32, d: np.float32
) -> None:
    """Mix four of a row."""
    tiles[k], tiles[k + At(RUN)], tiles[k + At(2 * RUN)], tiles[k + At(3 * RUN)] = a - c, b + c, c - b, b - d


@compiled_fused
def _multiply(
    weights: FloatArray, tiles: FloatArray, products: FloatArray, ins: int, outs: int, count: int
) -> None:
    """Multiply what belongs together: of each of Winograd's numbers, all channels with all."""
    for number in range(PRODUCTS):
        for o in range(0, outs, 2):
            first, w = (o * PRODUCTS + number) * RUN, At((number * outs + o) * ins)
            second = first + PRODUCTS * RUN
            products[first : first + count] = F32(0)
            products[second : second + count] = F32(0)
            for c in range(0, ins, 4):
                v = w + At(ins)
                a0, a1, a2, a3 = weights[w], weights[w + At(1)], weights[w + At(2)], weights[w + At(3)]
                b0, b1, b2, b3 = weights[v], weights[v + At(1)], weights[v + At(2)], weights[v + At(3)]
                w += At(4)
                begin = (c * PRODUCTS + number) * RUN
                for t in range(count):
                    i, k = At(begin + t), At(first + t)
                    p, q = tiles[i], tiles[i + At(PRODUCTS * RUN)]
                    r, s = tiles[i + At(2 * PRODUCTS * RUN)], tiles[i + At(3 * PRODUCTS * RUN)]
                    products[k] += (a0 * p + a1 * q) + (a2 * r + a3 * s)
                    products[k + At(PRODUCTS * RUN)] += (b0 * p + b1 * q) + (b2 * r + b3 * s)


@compiled_fused
def _from_products(
    products: FloatArray,
    begin: int,
    rows: int,
    half: int,
    bias: np.float32,
    slope: np.float32,
    base: FloatArray,
    out: FloatArray,
    to: int,
) -> None:
    """Turn each tile's products into its pixels."""
    for row in range(rows):
        line, into = At(begin + row * half), At(to + TILE_ROWS * row * ROW)
        under = into if len(base) > ROW else At(0)
        step = At(ROW if len(base) > ROW else 0)
        for t in range(half):
            k, i, j = line + At(t), into + At(t), under + At(t)
            a0, a1, a2, a3 = _up(products, k)
            b0, b1, b2, b3 = _up(products, k + At(RUN))
            c0, c1, c2, c3 = _up(products, k + At(2 * RUN))
            d0, d1, d2, d3 = _up(products, k + At(3 * RUN))
            _put(out, i, base, j, slope, (a0 + b0) + (c0 + bias), (b0 - c0) - (d0 - bias))
            i, j = i + At(ROW), j + step
            _put(out, i, base, j, slope, (a1 + b1) + (c1 + bias), (b1 - c1) - (d1 - bias))
            i, j = i + At(ROW), j + step
            _put(out, i, base, j, slope, (a2 + b2) + (c2 + bias), (b2 - c2) - (d2 - bias))
            i, j = i + At(ROW), j + step
            _put(out, i, base, j, slope, (a3 + b3) + (c3 + bias), (b3 - c3) - (d3 - bias))


@compiled_fused
def _up(products: FloatArray, k: np.uintp) -> tuple[np.float32, np.float32, np.float32, np.float32]:
    """Turn six products of a column into what its four pixels have of them."""
    a, b, c = products[k], products[k + At(ACROSS * RUN)], products[k + At(2 * ACROSS * RUN)]
    d, e = products[k + At(3 * ACROSS * RUN)], products[k + At(4 * ACROSS * RUN)]
    near, far, rise, steep = b + c, d + e, b - c, d - e
    last = products[k + At(5 * ACROSS * RUN)]
    return a + (near + far), rise + F32(2) * steep, near + F32(4) * far, (rise + F32(8) * steep) + last


@compiled_fused
def _put(
    out: FloatArray,
    i: np.uintp,
    base: FloatArray,
    j: np.uintp,
    slope: np.float32,
    even: np.float32,
    odd: np.float32,
) -> None:
    """Write two neighbours, activated and added to a base."""
    out[i + At(HALF_ROW)] = base[j + At(HALF_ROW)] + max(even, even * slope)
    out[i + At(1)] = base[j + At(1)] + max(odd, odd * slope)


@compiled_fused
def halve(picture: FloatArray, layer: Weights, out: FloatArray, row: FloatArray, side: int) -> None:
    """Convolve every second pixel's 3 x 3 neighbours in every second row, and activate.

    Args:
        picture: of sides twice as long.
        layer: weights (out, in, TAPS), biases.
        out: filled but for its margins.
        row: room of two rows, HALF_ROW each.
        side: of ``out``, even.
    """
    weights, bias = layer
    outs, plane = len(bias), (2 * side + 2) * ROW
    ins = len(weights) // (TAPS * outs)
    for y in range(0, side, 2):
        for o in range(outs):
            row[: 2 * HALF_ROW] = bias[o]
            for c in range(ins):
                line, w = c * plane + 2 * y * ROW, At((o * ins + c) * TAPS)
                a0, a1, a2 = weights[w], weights[w + At(1)], weights[w + At(2)]
                b0, b1, b2 = weights[w + At(3)], weights[w + At(4)], weights[w + At(5)]
                c0, c1, c2 = weights[w + At(6)], weights[w + At(7)], weights[w + At(8)]
                for t in range(side):  # two rows at once: what both need is fetched once
                    i = At(line + t)
                    j, k, m, n = i + At(ROW), i + At(2 * ROW), i + At(3 * ROW), i + At(4 * ROW)
                    k0, k1, k2 = picture[k], picture[k + At(HALF_ROW)], picture[k + At(1)]
                    upper = (a0 * picture[i] + a1 * picture[i + At(HALF_ROW)]) + a2 * picture[i + At(1)]
                    upper += (b0 * picture[j] + b1 * picture[j + At(HALF_ROW)]) + b2 * picture[j + At(1)]
                    lower = (b0 * picture[m] + b1 * picture[m + At(HALF_ROW)]) + b2 * picture[m + At(1)]
                    lower += (c0 * picture[n] + c1 * picture[n + At(HALF_ROW)]) + c2 * picture[n + At(1)]
                    row[At(t)] += upper + ((c0 * k0 + c1 * k1) + c2 * k2)
                    row[At(HALF_ROW + t)] += lower + ((a0 * k0 + a1 * k1) + a2 * k2)
            for below in range(2):
                to = (o * (side + 2) + y + below + 1) * ROW
                for t in range(side // 2):
                    even, odd = row[At(below * HALF_ROW + 2 * t)], row[At(below * HALF_ROW + 2 * t + 1)]
                    out[At(to + HALF_ROW + t)] = max(even, even * LEAK)
                    out[At(to + 1 + t)] = max(odd, odd * LEAK)


@compiled_fused
def resemble(
    deep: FloatArray,
    layer: Weights,
    descriptors: FloatArray,
    likeness: FloatArray,
    means: FloatArray,
    side: int,
) -> None:
    """Fill how far each reference resembles the guide as a whole, and the shares that come of it.

    Args:
        deep: of any channels.
        layer: weights (descriptor, channels * 16), biases.
        descriptors: (R, descriptor).
        likeness: (2, R), filled.
        means: room of channels * 16.
        side: of ``deep``, a multiple of 4.
    """
    weights, bias = layer
    length, count, block = len(bias), len(weights) // len(bias), side // POOLED
    plane = (side + 2) * ROW
    for i in range(count):
        channel, row, column = i // POOLED**2, i // POOLED % POOLED, i % POOLED
        total = F32(0)
        for y in range(row * block + 1, (row + 1) * block + 1):
            for x in range(column * block + 1, (column + 1) * block + 1):
                total += deep[channel * plane + y * ROW + x % 2 * HALF_ROW + x // 2]
        means[i] = total / F32(block * block)
    likeness[0] = F32(0)
    for d in range(length):
        total = bias[d]
        for i in range(count):
            total += weights[d * count + i] * means[i]
        for r in range(len(descriptors)):
            likeness[0, r] += total * descriptors[r, d] / F32(math.sqrt(length))
    highest, total = likeness[0, 0], F32(0)
    for r in range(1, len(descriptors)):
        highest = max(highest, likeness[0, r])
    for r in range(len(descriptors)):
        likeness[1, r] = math.exp(likeness[0, r] - highest)
        total += likeness[1, r]
    for r in range(len(descriptors)):
        likeness[1, r] /= total


@compiled_fused
def _mix(picture: FloatArray, begin: int, plane: int, length: int, layer: Weights, out: FloatArray) -> None:
    """Mix the channels of each place of a run.

    Args:
        picture: any numbers.
        begin: of the first channel's run.
        plane: from one channel to the next.
        length: of the run.
        layer: weights (out, in), biases.
        out: (out, length), filled.
    """
    weights, bias = layer
    ins = len(weights) // len(bias)
    for o in range(len(bias)):
        to = o * length
        out[to : to + length] = bias[o]
        for c in range(0, ins, 4):
            w = At(o * ins + c)
            a0, a1, a2, a3 = weights[w], weights[w + At(1)], weights[w + At(2)], weights[w + At(3)]
            for n in range(length):
                i = At(begin + c * plane + n)
                j, k, m = i + At(plane), i + At(2 * plane), i + At(3 * plane)
                out[At(to + n)] += (a0 * picture[i] + a1 * picture[j]) + (a2 * picture[k] + a3 * picture[m])


@compiled_fused
def _join(
    split: FloatArray, begin: int, row: int, even_at: int, odd_at: int, side: int, plain: FloatArray
) -> None:
    """Put a channel's even and odd columns together, with the outermost ones once more at both ends.

    Args:
        split: any numbers.
        begin: of the channel's first row.
        row: from one row to the next.
        even_at: where even columns begin in a row.
        odd_at: where odd ones do.
        side: of the channel.
        plain: (side, HALF_ROW), filled as far as ``side`` + 2.
    """
    for y in range(side):
        to = y * HALF_ROW
        for t in range(side // 2):
            plain[At(to + 2 * t + 1)] = split[At(begin + y * row + even_at + t)]
            plain[At(to + 2 * t + 2)] = split[At(begin + y * row + odd_at + t)]
        plain[to], plain[to + side + 1] = plain[to + 1], plain[to + side]


@compiled_fused
def _enlarge(
    plain: FloatArray,
    side: int,
    base: FloatArray,
    kept: np.float32,
    out: FloatArray,
    begin: int,
    row: int,
    even_at: int,
    odd_at: int,
    top: int,
    bottom: int,
) -> None:
    """Write a channel with sides twice as long, bilinearly, on top of what a base has there.

    Args:
        plain: of :func:`_join`.
        side: of the channel.
        base: as ``out``; may be the same.
        kept: how much of it counts, 0 or 1.
        out: split.
        begin: of the channel's first row in ``out``.
        row: from one row of ``out`` to the next.
        even_at: where even columns begin in a row of ``out``.
        odd_at: where odd ones do.
        top: the first row that is wanted.
        bottom: the row after the last one.
    """
    near, far = F32(0.75), F32(0.25)
    for y in range(top, bottom):
        here = y // 2
        other = min(here + 1, side - 1) if y % 2 else max(here - 1, 0)
        a, b = here * HALF_ROW, other * HALF_ROW
        even, odd = begin + y * row + even_at, begin + y * row + odd_at
        for t in range(side):
            left = near * plain[At(a + t)] + far * plain[At(b + t)]
            middle = near * plain[At(a + t + 1)] + far * plain[At(b + t + 1)]
            right = near * plain[At(a + t + 2)] + far * plain[At(b + t + 2)]
            out[At(even + t)] = kept * base[At(even + t)] + (near * middle + far * left)
            out[At(odd + t)] = kept * base[At(odd + t)] + (near * middle + far * right)


@compiled_fused
def add_enlarged(
    picture: FloatArray,
    layer: Weights,
    base: FloatArray,
    out: FloatArray,
    mixed: FloatArray,
    plain: FloatArray,
    side: int,
    top: int,
    bottom: int,
) -> None:
    """Mix a picture's channels, enlarge them and add them to a base.

    Args:
        picture: of any channels.
        layer: weights (out, in), biases.
        base: of sides twice as long.
        out: filled, as ``base``.
        mixed: room of (out, side, ROW).
        plain: room of (side, HALF_ROW).
        side: of ``picture``.
        top: the first row of ``out`` that is wanted.
        bottom: the row after the last one.
    """
    _mix(picture, ROW, (side + 2) * ROW, side * ROW, layer, mixed)
    for channel in range(len(layer[1])):
        _join(mixed, channel * side * ROW, ROW, HALF_ROW, 1, side, plain)
        begin = (channel * (2 * side + 2) + 1) * ROW
        _enlarge(plain, side, base, F32(1), out, begin, ROW, HALF_ROW, 1, top, bottom)


@compiled_fused
def add_references(
    base: FloatArray,
    picture: FloatArray,
    features: FloatArray,
    shares: FloatArray,
    mean: FloatArray,
    side: int,
) -> None:
    """Add the references' features by their shares to a picture, activate, and add a base.

    Args:
        base: as ``picture``.
        picture: changed in place.
        features: (R, n), n of (channels, side, 2, side / 2).
        shares: (R,).
        mean: room of one reference's features.
        side: of both pictures.
    """
    length, half = features.shape[1], side // 2
    channels = length // side**2
    mean[:length] = F32(0)
    for r in range(len(features)):
        of, weight = features[r], shares[r]
        for i in range(length):
            mean[At(i)] += weight * of[At(i)]
    for channel in range(channels):
        for y in range(side):
            for odd in range(2):
                from_ = ((channel * side + y) * 2 + odd) * half
                to = (channel * (side + 2) + y + 1) * ROW + (1 if odd else HALF_ROW)
                for t in range(half):
                    value = picture[At(to + t)] + mean[At(from_ + t)]
                    picture[At(to + t)] = base[At(to + t)] + max(value, value * LEAK)


@compiled_fused
def look_up(
    picture: FloatArray,
    layer: Weights,
    keys: FloatArray,
    likeness: FloatArray,
    shares: FloatArray,
    large_shares: FloatArray,
    queries: FloatArray,
    inside: FloatArray,
    side: int,
    c: int,
) -> None:
    """Compare a picture with the references place by place.

    Args:
        picture: of any channels.
        layer: makes queries of them.
        keys: (R, n), n of (K, c, 2, c / 2) of the middle places.
        likeness: (R,) of the references as wholes.
        shares: room of (R, c * c).
        large_shares: (R, 2 * c, 2, c) the shares by which the references count, filled.
        queries: room of (K, c, ROW).
        inside: room of (K, c * c).
        side: of ``picture``.
        c: side of the middle places.
    """
    count, length, half = len(keys), len(layer[1]), c // 2
    border, places = (side - c) // 2, c * c
    _mix(picture, (border + 1) * ROW, (side + 2) * ROW, c * ROW, layer, queries)
    for k in range(length):
        for y in range(c):
            for odd in range(2):
                from_ = (k * c + y) * ROW + border // 2 + (1 if odd else HALF_ROW)
                to = k * places + (2 * y + odd) * half
                for t in range(half):
                    inside[At(to + t)] = queries[At(from_ + t)]
    scale = F32(1 / math.sqrt(length))
    for r in range(count):
        of, match = keys[r], shares[r * places : (r + 1) * places]
        match[:] = likeness[r]
        for k in range(length):
            for n in range(places):
                i = At(k * places + n)
                match[At(n)] += scale * inside[i] * of[i]
    for n in range(places):
        highest, total = shares[n], F32(0)
        for r in range(1, count):
            highest = max(highest, shares[r * places + n])
        for r in range(count):
            shares[r * places + n] = math.exp(shares[r * places + n] - highest)
            total += shares[r * places + n]
        for r in range(count):
            shares[r * places + n] /= total
    for r in range(count):
        _join(shares, r * places, c, 0, half, c, inside)
        _enlarge(inside, c, large_shares, F32(0), large_shares, 4 * r * places, 2 * c, 0, c, 0, 2 * c)


@compiled_fused
def copy_references(shares: FloatArray, pixels: FloatArray, copied: FloatArray) -> None:
    """Fill (12, n) with the references' pixels (R, 12 n), weighed by the shares (R, n) of each place."""
    length = pixels.shape[1]
    places = length // (COLOURS * PHASES)
    copied[:length] = F32(0)
    for to in range(0, length, places):
        for r in range(len(pixels)):
            of = pixels[r]
            for n in range(places):
                copied[At(to + n)] += shares[At(r * places + n)] * of[At(to + n)]


@compiled_fused
def add_copied(
    copied: FloatArray,
    layer: Weights,
    picture: FloatArray,
    mixed: FloatArray,
    half: int,
    c: int,
    top: int,
    bottom: int,
) -> None:
    """Let a picture of side ``half`` see what is copied into its middle places, and activate it.

    Args:
        copied: (12, c, 2, c / 2).
        layer: what is seen of it.
        picture: changed in place.
        mixed: room of (out, c * c).
        half: side of ``picture``.
        c: side of what is copied.
        top: the first row that is wanted.
        bottom: the row after the last one.
    """
    border = (half - c) // 2
    plane = (half + 2) * ROW
    _mix(copied, 0, c * c, c * c, layer, mixed)
    for channel in range(len(layer[1])):
        for y in range(max(top, border), min(bottom, border + c)):
            for odd in range(2):
                from_ = channel * c * c + (2 * (y - border) + odd) * (c // 2)
                to = channel * plane + (y + 1) * ROW + border // 2 + (1 if odd else HALF_ROW)
                for t in range(c // 2):
                    picture[At(to + t)] += mixed[At(from_ + t)]
        for i in range(channel * plane + (top + 1) * ROW, channel * plane + (bottom + 1) * ROW):
            picture[At(i)] = max(picture[At(i)], picture[At(i)] * LEAK)


@compiled_fused
def fold(
    seen: FloatArray,
    changed: FloatArray,
    copied: FloatArray,
    window: FloatArray,
    line: Words,
    painted: Words,
    c: int,
    top: int,
    bottom: int,
) -> None:
    """Put the phases together again: the guide, what was painted of it, and what is copied into its middle.

    Args:
        seen: the guide of :func:`unfold`.
        changed: residual colours of all phases, and how much is copied in each.
        copied: (12, c, 2, c / 2).
        window: (4, p/2, 2, p/4).
        line: room of p/4.
        painted: uint32 (p, p), filled in some rows.
        c: side of what is copied.
        top: the first row of the phases that is wanted.
        bottom: the row after the last one.
    """
    half = len(painted) // 2
    border, plane = (half - c) // 2, (half + 2) * ROW
    left, right = border // 2, border // 2 + c // 2
    for y in range(top, bottom):
        is_inside = border <= y < border + c
        for phase in range(PHASES):
            for odd in range(2):
                at = (y + 1) * ROW + (1 if odd else HALF_ROW)
                shares = window[phase, y, odd]
                drawn = seen[phase * GUIDE_CHANNELS * plane + at :]
                residual = changed[phase * COLOURS * plane + at :]
                copying = changed[(COLOURS * PHASES + phase) * plane + at :]
                place = phase * COLOURS * c * c + (2 * (y - border) + odd) * (c // 2) - left
                _colours(drawn, residual, copying, copied, place, shares, False, line, 0, half // 2, plane, c)
                if is_inside:
                    _colours(
                        drawn, residual, copying, copied, place, shares, True, line, left, right, plane, c
                    )
                row, column = painted[2 * y + phase // 2], 2 * odd + phase % 2
                for t in range(half // 2):
                    row[At(column + 4 * t)] = line[At(t)]


@compiled_fused
def _colours(
    drawn: FloatArray,
    residual: FloatArray,
    copying: FloatArray,
    copied: FloatArray,
    place: int,
    shares: FloatArray,
    copies: bool,
    line: Words,
    begin: int,
    end: int,
    plane: int,
    c: int,
) -> None:
    for t in range(begin, end):
        word = U32(0)
        for colour in range(COLOURS):
            before = drawn[At(colour * plane + t)] + F32(0.5)
            change = residual[At(colour * plane + t)]
            if copies:
                change += copying[At(t)] * (copied[At(place + colour * c * c + t)] - before)
            level = (before + change * shares[At(t)]) * BYTE + F32(0.5)
            word |= U32(U32(np.int32(min(max(level, F32(0)), BYTE))) << U32(8 * colour))
        line[At(t)] = word
