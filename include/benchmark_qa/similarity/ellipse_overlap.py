"""The areas that circles and ellipses share."""

from __future__ import annotations

import numpy as np

from include.benchmark_qa.similarity.aligned import FloatArray


def circle_overlap(r: FloatArray, s: FloatArray, distance: FloatArray) -> FloatArray:
    """
    Return the area that aligned circles share: that of the lens between them.

    Source: https://mathworld.wolfram.com/Circle-CircleIntersection.html, equation 14.

    :param r: radii, shape (K,), above 0.
    :param s: radii of the others, shape (K,), above 0.
    :param distance: of the centres, shape (K,).
    """
    smaller = np.minimum(r, s)
    inside, apart = distance <= np.abs(r - s), distance >= r + s
    with np.errstate(all="ignore"):
        surplus = (r - s) * (r + s)  # not r**2 - s**2, which loses the digits of nearly equal radii
        angle_r = np.arccos(np.clip((distance**2 + surplus) / (2 * distance * r), -1, 1))
        angle_s = np.arccos(np.clip((distance**2 - surplus) / (2 * distance * s), -1, 1))
        kite = (r + s - distance) * (distance + r - s) * (distance - r + s) * (distance + r + s)
    lens = r**2 * angle_r + s**2 * angle_s - np.sqrt(np.maximum(kite, 0)) / 2
    overlap: FloatArray = np.where(inside, np.pi * smaller**2, np.where(apart, 0, lens))
    return overlap


def ellipse_overlap(matrix: FloatArray, centre: FloatArray) -> FloatArray:
    """
    Return the area that ellipses share with the unit circle around the origin, shape (K,).

    Between two neighbouring points where the outlines cross, or where an ellipse begins or ends, the upper and the
    lower border of the shared area are arcs of one ellipse each, with integrals in closed form. To cut once too often
    costs nothing, so no root has to be told from a near-root.

    :param matrix: shape (K, 2, 2): the ellipse is ``matrix @ u + centre`` for the u of length 1.
    :param centre: shape (K, 2).
    """
    overlap = np.zeros(len(matrix))
    finite = np.flatnonzero(np.isfinite(matrix).all(axis=(1, 2)) & np.isfinite(centre).all(axis=1))
    # Turned so that the ellipse's axes are upright, which leaves the circle as it is.
    rotation, radii, _ = np.linalg.svd(matrix[finite])
    centre = np.einsum("kji,kj->ki", rotation, centre[finite])
    x, y, p, q = centre[:, 0], centre[:, 1], radii[:, 0], radii[:, 1]
    start, end = np.maximum(-1, x - p), np.minimum(1, x + p)
    cuts = np.clip(_crossings(x, y, p, q), start, np.maximum(start, end))
    knots = np.sort(np.concatenate((start[None], cuts, np.maximum(start, end)[None])), axis=0)
    overlap[finite] = _area_between(knots, x, y, p, q)
    return overlap


def _area_between(knots: FloatArray, x: FloatArray, y: FloatArray, p: FloatArray, q: FloatArray) -> FloatArray:
    """Sum, over the stretches between the knots, the area below both upper arcs and above both lower ones."""
    middle = (knots[1:] + knots[:-1]) / 2
    circle, ellipse = _height(middle), q * _height((middle - x) / p)
    under_circle = np.diff(_integral(knots), axis=0)
    under_ellipse = p * q * np.diff(_integral((knots - x) / p), axis=0)
    flat = y * np.diff(knots, axis=0)
    upper = np.where(circle < y + ellipse, under_circle, flat + under_ellipse)
    lower = np.where(-circle > y - ellipse, -under_circle, flat - under_ellipse)
    shared = np.minimum(circle, y + ellipse) > np.maximum(-circle, y - ellipse)
    area: FloatArray = np.where(shared, upper - lower, 0).sum(axis=0)
    return area


def _height(x: FloatArray) -> FloatArray:
    """Return the height of the unit circle's upper half."""
    height: FloatArray = np.sqrt(np.maximum(1 - x * x, 0))
    return height


def _integral(x: FloatArray) -> FloatArray:
    """Return the integral of `_height` from 0 to x."""
    x = np.clip(x, -1, 1)
    integral: FloatArray = (x * _height(x) + np.arcsin(x)) / 2
    return integral


def _crossings(x: FloatArray, y: FloatArray, p: FloatArray, q: FloatArray) -> FloatArray:
    """
    Return the x of four points of the circle, shape (4, K), among which all are where it crosses the ellipse.

    At the angle f the circle is at ``g(f) = c0 + Re(c1 * exp(i f) + c2 * exp(2 i f))`` from the ellipse (0: on it),
    which becomes a polynomial of degree 4 in t = tan(f / 2). Before that f is turned so that t = infinity is the
    angle where g is farthest from 0: so the leading coefficient is not small.
    """
    k = (q / p) ** 2
    c0 = (0.5 + x * x) * k + 0.5 + y * y - q * q
    c1, c2 = -2 * (x * k - 1j * y), (k - 1) / 2
    angles = np.arange(8)[:, None] * (np.pi / 4)
    far = angles[np.abs(c0 + (c1 * np.exp(1j * angles) + c2 * np.exp(2j * angles)).real).argmax(axis=0), 0] + np.pi
    c1, c2 = c1 * np.exp(1j * far), c2 * np.exp(2j * far)
    # Re(c exp(i f)) = Re(c) cos f - Im(c) sin f, with the half-angle formulas, times (1 + t^2)^2.
    quartic = np.stack(
        [
            c0 - c1.real + c2.real,
            -2 * c1.imag + 4 * c2.imag,
            2 * c0 - 6 * c2.real,
            -2 * c1.imag - 4 * c2.imag,
            c0 + c1.real + c2.real,
        ]
    )
    companion = np.zeros((len(x), 4, 4))
    companion[:, [1, 2, 3], [0, 1, 2]] = 1
    companion[:, 0, :] = np.nan_to_num(-quartic[1:] / quartic[0], nan=0.0, posinf=0.0, neginf=0.0).T
    # The real part also of complex roots: two that nearly meet are near a place where the outlines touch.
    roots = np.linalg.eigvals(companion).real.T
    crossings: FloatArray = np.cos(2 * np.arctan(roots) + far)
    return crossings
