from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESAMPLES = 2000  # what Efron and Tibshirani take for BCa intervals
DRAWS_AT_ONCE = 1_000_000  # 16 MB, whatever the number of scores
MOST_DRAWN = 1_000


def bootstrap_interval(
    scores: Sequence[float] | NDArray[np.float64], confidence: float = 0.95, resamples: int = RESAMPLES
) -> tuple[float, float] | None:
    """
    Return the interval of a mean score by the bootstrap, with whole submissions as what is drawn.

    Labels of one submission are not independent of each other, its score is one observation. The interval is BCa
    (bias-corrected and accelerated: B. Efron, Better bootstrap confidence intervals, 1987; B. Efron and
    R. J. Tibshirani, An introduction to the bootstrap, 1993, chapter 14), since scores crowd at 1 and their mean is
    skewed. The random numbers are seeded by the scores: equal scores, in any order, have an equal interval. Of more
    than 1,000 scores it is the analytic approximation of the same interval (ABC: T. DiCiccio and B. Efron, More
    accurate confidence intervals in exponential families, 1992), from which 2,000 draws would be further away.

    :param scores: one score per submission; NaN (not computed) is left out.
    :param confidence: in (0, 1).
    :param resamples: how many times the submissions are drawn anew, at least 1.
    :return: lower and upper end, within the least and the greatest score. None for fewer than two scores, which say
        nothing about their spread. Equal scores have the interval of no width, which only more submissions can widen.
    :raises ValueError: for infinite scores, or a confidence or resamples outside these ranges.
    """
    observed = np.asarray(scores, dtype=np.float64)
    observed = np.sort(observed[~np.isnan(observed)])
    if not np.isfinite(observed).all():
        raise ValueError("scores must be finite")
    if not 0 < confidence < 1 or resamples < 1:
        raise ValueError(f"confidence must be in (0, 1) and resamples positive, not {confidence} and {resamples}")
    if len(observed) < 2:
        return None
    if observed[0] == observed[-1]:
        return float(observed[0]), float(observed[0])
    tails = np.array([(1 - confidence) / 2, (1 + confidence) / 2])
    if len(observed) > MOST_DRAWN:
        ends = _approximated(tails, observed)
    else:
        means = _resampled_means(observed, resamples, np.random.default_rng(_seed(observed)))
        ends = np.quantile(means, _corrected(tails, observed, means))
    # Rounding may carry the mean of equal draws past them.
    low, high = np.clip(ends, observed[0], observed[-1])
    return float(low), float(high)


def _seed(ordered: NDArray[np.float64]) -> int:
    return int.from_bytes(hashlib.blake2b(ordered.astype("<f8").tobytes(), digest_size=8).digest())


def _resampled_means(observed: NDArray[np.float64], resamples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    count = len(observed)
    means = np.empty(resamples)
    step = max(1, DRAWS_AT_ONCE // count)
    for start in range(0, resamples, step):
        drawn = rng.integers(0, count, (min(step, resamples - start), count))
        means[start : start + len(drawn)] = observed[drawn].mean(axis=1)
    return means


def _corrected(
    tails: NDArray[np.float64], observed: NDArray[np.float64], means: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the quantiles to read off instead of ``tails``: z0 corrects the bias, a the skewness."""
    mean = observed.mean()
    below = (np.count_nonzero(means < mean) + np.count_nonzero(means <= mean)) / (2 * len(means))
    z0 = ndtri(np.clip(below, 0.5 / len(means), 1 - 0.5 / len(means)))  # a few resamples may all lie on one side
    acceleration = _acceleration(observed - mean)
    z = z0 + ndtri(tails)
    corrected: NDArray[np.float64] = ndtr(z0 + z / np.maximum(1 - acceleration * z, 1e-9))
    return corrected


def _approximated(tails: NDArray[np.float64], observed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the ends without draws: a mean is linear in the scores, so that z0 is a, and no other bias is left."""
    from_mean = observed - observed.mean()
    acceleration = _acceleration(from_mean)
    z = acceleration + ndtri(tails)
    ends: NDArray[np.float64] = (
        observed.mean() + from_mean.std() / np.sqrt(len(observed)) * z / np.maximum(1 - acceleration * z, 1e-9) ** 2
    )
    return ends


def _acceleration(from_mean: NDArray[np.float64]) -> float:
    scaled = from_mean / np.abs(from_mean).max()  # the powers of tiny differences would be 0
    return float((scaled**3).sum() / (6 * (scaled**2).sum() ** 1.5))
