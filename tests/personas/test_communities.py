"""The neighbour graph: exact among all rows, near enough among near cells, and the same bits on any threads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from personas import neighbours
from personas.communities import adjusted_rand, find_communities, neighbour_graph
from personas.neighbours import SCALE, nearest_rows

Vectors = NDArray[np.float32]


def clouds(rows: int, groups: int, *, width: int = 48, seed: int = 0) -> tuple[Vectors, NDArray[np.int64]]:
    """Unit vectors in `groups` clouds, and their clouds."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, groups, rows)
    points = rng.standard_normal((groups, width))[truth] + 0.7 * rng.standard_normal((rows, width))
    return unit(points), truth


def unit(points: NDArray[np.float64]) -> Vectors:
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    scaled: Vectors = (points / lengths).astype(np.float32)
    return scaled


def slow_neighbours(vectors: Vectors, count: int) -> list[list[int]]:
    """The definition: whole numbers, products in 64 bits, the lowest of equal rows first."""
    whole = np.rint(vectors * SCALE).astype(np.int64)
    products = whole @ whole.T
    found = []
    for row, values in enumerate(products):
        order = [at for at in np.lexsort((np.arange(len(values)), -values)) if at != row and values[at] > 0]
        found.append(sorted(int(at) for at in order[:count]))
    return found


def found_neighbours(vectors: Vectors, count: int) -> list[list[int]]:
    links = nearest_rows(vectors, neighbours=count, seed=0).tocsr()
    return [sorted(links.indices[links.indptr[row] : links.indptr[row + 1]].tolist()) for row in range(len(vectors))]


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 60), st.integers(1, 12), st.integers(1, 7), st.integers(0, 2**31), st.booleans())
def test_the_neighbours_are_those_of_the_definition(
    rows: int, width: int, count: int, seed: int, repeated: bool
) -> None:
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((rows, width))
    if repeated:
        points = points[rng.integers(0, max(1, rows // 8), rows)]
    vectors = unit(points)
    vectors[rng.random(rows) < 0.1] = 0.0

    assert found_neighbours(vectors, count) == slow_neighbours(vectors, count)


def test_weights_are_cosines() -> None:
    vectors, _ = clouds(200, 4)
    links = nearest_rows(vectors, neighbours=5, seed=0)

    assert np.abs((vectors[links.row] * vectors[links.col]).sum(axis=1) - links.data).max() < 1e-3
    assert links.data.max() <= 1.0
    doubled = nearest_rows(2 * vectors, neighbours=5, seed=0)
    assert (doubled.tocsr() != links.tocsr()).nnz == 0


@pytest.mark.parametrize("exact_rows", [10_000, 100])
def test_the_graph_is_the_same_on_any_number_of_threads(exact_rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "EXACT_ROWS", exact_rows)
    monkeypatch.setattr(neighbours, "CANDIDATES", 800)
    vectors, _ = clouds(3000, 12, width=256)
    vectors[100:140] = vectors[3]
    graphs = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            graphs.append(neighbour_graph(vectors, neighbours=10, seed=3))

    for part in ("indptr", "indices", "data"):
        assert getattr(graphs[0], part).tobytes() == getattr(graphs[1], part).tobytes()


def test_the_order_of_sums_does_not_matter() -> None:
    vectors, _ = clouds(400, 6, width=256)
    turned = np.ascontiguousarray(vectors[:, ::-1])

    assert (neighbour_graph(vectors, neighbours=8) != neighbour_graph(turned, neighbours=8)).nnz == 0


def test_among_near_cells_the_neighbours_are_nearly_all_found(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, truth = clouds(4000, 20, width=24)
    exact = neighbour_graph(vectors, neighbours=10)
    monkeypatch.setattr(neighbours, "EXACT_ROWS", 1000)
    monkeypatch.setattr(neighbours, "ROWS_PER_CELL", 100)
    monkeypatch.setattr(neighbours, "CANDIDATES", 250)
    near = neighbour_graph(vectors, neighbours=10, seed=5)

    assert (near != neighbour_graph(vectors, neighbours=10, seed=6)).nnz > 0
    assert (near != near.T).nnz == 0
    assert near.diagonal().sum() == 0
    assert near.multiply(exact > 0).nnz > 0.9 * exact.nnz
    labels = find_communities(near, resolution=1.0, seed=0)
    assert adjusted_rand(labels, truth) > 0.95


def test_many_copies_link_to_the_first_ones_and_to_nothing_else() -> None:
    vectors, _ = clouds(60, 2)
    vectors[10:50] = vectors[10]

    found = found_neighbours(vectors, 4)

    assert found[10] == [11, 12, 13, 14]
    assert found[12] == [10, 11, 13, 14]
    assert found[49] == [10, 11, 12, 13]
    assert found == slow_neighbours(vectors, 4)


def test_copies_are_found_above_the_exact_size_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "EXACT_ROWS", 500)
    monkeypatch.setattr(neighbours, "CANDIDATES", 600)
    vectors, _ = clouds(2000, 4)
    vectors[500:1200] = vectors[7]

    found = found_neighbours(vectors, 5)

    copies = [7, *range(500, 1200)]
    assert all(found[row] == [at for at in copies[:6] if at != row][:5] for row in copies)
