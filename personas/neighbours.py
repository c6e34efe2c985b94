"""The nearest rows of every row by cosine: exact up to a size, above it among near cells; the same on any threads.

Sums of floats depend on their order, so on the number of threads and on the machine, and texts that say the same
tie: a last bit would decide who is a neighbour. Vectors are therefore rounded to whole numbers so small that every
product of two of them is computed without rounding in whatever order, and ties go to the lowest row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import coo_matrix

EXACT_ROWS = 30_000
"""Up to here every pair of rows is compared; above, rows of near cells only (docs/algorithms.md)."""

SCALE = 4000
"""Length of a vector of whole numbers. No partial sum of a product of two passes ``(SCALE + sqrt(d) / 2) ** 2``, which
stays below 2**24, where float32 still holds every whole number, for up to 36,000 numbers a vector. A cosine is off by
about 0.0001."""

BLOCK_ROWS = 512
"""Rows of the similarity matrix held at once; 2,048 took twice as long on 13,000 rows, most of it to fetch memory."""

ROWS_PER_CELL = 100
"""Rows of a typical cell."""

CANDIDATES = 4_000
"""Rows that a row is compared with when not with all: those of the nearest cells."""

PARTITIONS = 3
"""Times that the rows are parted anew: what one border hides, another partition shows. Three times 3,000 candidates
found more neighbours than once 12,000 (docs/algorithms.md)."""

SAMPLE_PER_CELL = 40
ROUNDS = 6
"""Cells are learnt from this many rows each, in this many rounds; on 50,000 rows 3, 6 and 12 rounds gave the recalls
0.976, 0.976 and 0.978."""

LAST = 2**31 - 1
Links = NDArray[np.int64]
"""``(rows, neighbours)`` links, the nearest first; 0 is none. A link is the product times 2**32, plus `LAST` minus the
column: the larger one is the nearer one, or among equal ones the one to the lower row."""

Whole = NDArray[np.int16]
"""``(n, d)`` vectors in whole numbers of length `SCALE`."""


def nearest_rows(vectors: NDArray[np.float32], *, neighbours: int, seed: int) -> coo_matrix:
    """Which rows each row has as its nearest, by cosine.

    Args:
        vectors: ``(n, d)`` float32, rows of unit length (zero rows have no neighbours).
        neighbours: how many nearest rows each row gets at most.
        seed: of the cells, above `EXACT_ROWS`.

    Returns:
        ``(n, n)`` sparse matrix, an entry for each row (its row) and neighbour (its column): the cosine, above 0 and at
        most 1. Among equally near rows the lowest is taken. The same vectors give the same matrix on any number of
        threads.
    """
    from scipy.sparse import coo_matrix

    whole = _to_whole_numbers(vectors)
    first, place = _copies(whole)
    # Of rows that are all the same, only the first can be anybody's neighbours, and the others have these.
    kept = np.flatnonzero(place <= neighbours)
    best: Links = np.zeros((len(vectors), neighbours), dtype=np.int64)
    for rows, candidates in _parts(whole, kept, seed=seed):
        for block, links in _search(whole, rows, candidates, neighbours):
            best[block] = _join(best[block], links)
    _link_copies(best, whole, first, place)
    at, rank = np.nonzero(best)
    products, columns = np.divmod(best[at, rank], 2**32)
    cosines = np.minimum(products.astype(np.float32) / np.float32(SCALE**2), np.float32(1.0))
    shape = (len(vectors), len(vectors))
    return coo_matrix((cosines, (at.astype(np.int32), (LAST - columns).astype(np.int32))), shape=shape)


def _to_whole_numbers(vectors: NDArray[np.float32]) -> Whole:
    whole = np.empty(vectors.shape, dtype=np.int16)
    for start in range(0, len(vectors), 65_536):
        block = vectors[start : start + 65_536]
        lengths = np.linalg.norm(block, axis=1, keepdims=True)
        # A row that is too long would not be summed exactly; one of unit length up to rounding is left as it is.
        whole[start : start + 65_536] = np.rint(block / np.where(lengths > 1.001, lengths, 1.0) * SCALE)
    return whole


def _copies(whole: Whole) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each row the first row that is the same, and how many rows that are the same stand before it."""
    padded = np.zeros((len(whole), -(-whole.shape[1] // 4) * 4), dtype=np.int16)
    padded[:, : whole.shape[1]] = whole
    words = padded.view(np.int64)
    # Sums of products that wrap around: the same for the same rows, and for others once in 2**63 pairs.
    factors = np.random.default_rng(0).integers(-(2**63), 2**63 - 1, words.shape[1], endpoint=True) | 1
    keys = words @ factors
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.diff(keys[order], prepend=keys[order][:1] + 1))
    sizes = np.diff(starts, append=len(order))
    first, place = np.empty_like(order), np.empty_like(order)
    first[order] = np.repeat(order[starts], sizes)
    place[order] = np.arange(len(order)) - np.repeat(starts, sizes)
    return first, place


def _link_copies(best: Links, whole: Whole, first: NDArray[np.int64], place: NDArray[np.int64]) -> None:
    """Gives the rows that were left out of the search their neighbours: the first rows that are the same."""
    neighbours = best.shape[1]
    late = np.flatnonzero((place > neighbours) & np.any(whole != 0, axis=1))
    early = np.flatnonzero(place < neighbours)
    early = early[np.argsort(first[early], kind="stable")]
    starts = np.searchsorted(first[early], first[late])
    products = (whole[late].astype(np.int64) ** 2).sum(axis=1)
    best[late] = _links(products[:, None], early[starts[:, None] + np.arange(neighbours)])


def _parts(
    whole: Whole, kept: NDArray[np.int64], *, seed: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rows, and the rows to look for their neighbours among."""
    if len(kept) <= EXACT_ROWS:
        yield kept, kept
        return
    rng = np.random.default_rng(seed)
    for _ in range(PARTITIONS):
        yield from _near_cells(whole, kept, rng)


def _search(
    whole: Whole, rows: NDArray[np.int64], candidates: NDArray[np.int64], neighbours: int
) -> Iterator[tuple[NDArray[np.int64], Links]]:
    """Blocks of the rows, and their nearest among the candidates (ascending; each row is one of them)."""
    others = whole[candidates].astype(np.float32).T
    for start in range(0, len(rows), BLOCK_ROWS):
        block = rows[start : start + BLOCK_ROWS]
        products = whole[block].astype(np.float32) @ others
        products[np.arange(len(block)), np.searchsorted(candidates, block)] = -1.0
        yield block, _largest(products, candidates, neighbours)


def _largest(products: NDArray[np.float32], candidates: NDArray[np.int64], neighbours: int) -> Links:
    """Links to the candidates with the largest positive products of each row."""
    bound = _lower_bound(products, min(neighbours, products.shape[1]))
    flat = np.flatnonzero(products >= np.maximum(bound, 1.0)[:, None])
    at, near = np.divmod(flat, products.shape[1])
    links = _links(products.ravel()[flat].astype(np.int64), candidates[near])
    order = np.lexsort((-links, at))
    at, links = at[order], links[order]
    rank = np.arange(len(at)) - np.searchsorted(at, at)
    best: Links = np.zeros((len(products), neighbours), dtype=np.int64)
    best[at[rank < neighbours], rank[rank < neighbours]] = links[rank < neighbours]
    return best


def _links(products: NDArray[np.int64], columns: NDArray[np.int64]) -> Links:
    return products * 2**32 + (LAST - columns)


def _join(first: Links, second: Links) -> Links:
    """The largest of both, each once."""
    if not first.any():
        return second
    both = -np.sort(-np.concatenate([first, second], axis=1), axis=1)
    both[:, 1:][both[:, 1:] == both[:, :-1]] = 0
    joined: Links = -np.sort(-both, axis=1)[:, : first.shape[1]]
    return joined


def _lower_bound(products: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """``(rows,)`` not above the `width`-th largest value of each row, and seldom below it.

    The `width`-th largest of the maxima of several groups of columns: a third of the time of sorting all of them.
    """
    groups = 4 * width
    each = products.shape[1] // groups
    if each >= 4:
        shaped = products[:, : groups * each].reshape(len(products), groups, each)
        products = shaped.max(axis=2) if each >= groups else shaped.reshape(len(products), each, groups).max(axis=1)
    bound: NDArray[np.float32] = np.partition(products, -width, axis=1)[:, -width]
    return bound


def _near_cells(
    whole: Whole, kept: NDArray[np.int64], rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """The rows parted into cells, each with the rows of the cells nearest to it.

    Source:
        Jégou, Douze, Schmid: Product quantization for nearest neighbor search, IEEE TPAMI 33 (2011), the inverted
        file; here all rows of a cell ask the same cells, so that each part is one matrix product.
    """
    # In two steps: to compare every row with every cell would take longer than the search.
    coarse = _part(whole, kept, max(1, int(np.sqrt(len(kept) / ROWS_PER_CELL))), rng)
    cells = [cell for rows in coarse for cell in _part(whole, rows, max(1, len(rows) // ROWS_PER_CELL), rng)]
    centres = np.stack([_centre(whole, rows) for rows in cells])
    sizes = np.array([len(rows) for rows in cells])
    for cell, rows in enumerate(cells):
        nearest = np.argsort(-(centres @ centres[cell]), kind="stable")
        nearest = nearest[: int(np.searchsorted(np.cumsum(sizes[nearest]), CANDIDATES)) + 1]
        yield rows, np.sort(np.concatenate([cells[other] for other in nearest]))


def _part(whole: Whole, rows: NDArray[np.int64], count: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """The rows in at most `count` cells, each ascending: spherical k-means on a sample, every step exact."""
    sample = rng.permutation(rows)[: count * SAMPLE_PER_CELL]
    centres: NDArray[np.float32] = whole[sample[:count]].astype(np.float32)
    for _ in range(ROUNDS):
        for cell, members in _members(sample, _nearest_centre(whole, sample, centres)):
            centres[cell] = _centre(whole, members)
    return [members for _, members in _members(rows, _nearest_centre(whole, rows, centres))]


def _members(rows: NDArray[np.int64], cell_of: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """The cells that hold any rows, with these, in the order in which they were given."""
    order = np.argsort(cell_of, kind="stable")
    filled, starts = np.unique(cell_of[order], return_index=True)
    yield from zip(filled.tolist(), np.split(rows[order], starts[1:]), strict=True)


def _centre(whole: Whole, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """``(d,)`` the direction of the rows' sum, in whole numbers: the sum is exact, the rest the same everywhere."""
    total = whole[rows].sum(axis=0, dtype=np.int64)
    length = np.sqrt(np.float64((total**2).sum()))
    centre: NDArray[np.float32] = np.rint(total / max(length, 1.0) * SCALE).astype(np.float32)
    return centre


def _nearest_centre(whole: Whole, rows: NDArray[np.int64], centres: NDArray[np.float32]) -> NDArray[np.int64]:
    """The centre with the largest product for each of the rows; the first of equal ones."""
    blocks = [
        (whole[rows[start : start + 4096]].astype(np.float32) @ centres.T).argmax(axis=1)
        for start in range(0, len(rows), 4096)
    ]
    return np.concatenate(blocks)
