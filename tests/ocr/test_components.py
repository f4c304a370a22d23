"""Parts of masks: the numbers are those of 32-bit labels, however many parts there are."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.components import components


def _as_counted_by_opencv(mask: np.ndarray, connectivity: int) -> tuple[list[tuple[int, ...]], int]:
    count, _labels, boxes, _centres = cv2.connectedComponentsWithStats(
        mask, connectivity=connectivity, ltype=cv2.CV_32S
    )
    return sorted(map(tuple, boxes[1:].tolist())), count


@given(
    st.integers(1, 60),
    st.integers(1, 60),
    st.floats(0, 1),
    st.integers(0, 9),
    st.sampled_from([4, 8]),
)
def test_parts_are_those_of_wide_labels(
    height: int, width: int, filled: float, seed: int, connectivity: int
) -> None:
    mask = np.uint8(np.random.default_rng(seed).random((height, width)) < filled) * np.uint8(255)
    parts = components(mask, connectivity)
    boxes, count = _as_counted_by_opencv(mask, connectivity)
    assert sorted(map(tuple, parts.boxes[1:].tolist())) == boxes
    assert int(parts.labels.max()) + 1 == max(count, 1) == len(parts.boxes)


@pytest.mark.parametrize("connectivity", [4, 8])
@pytest.mark.parametrize("filled", [0.02, 0.1, 0.25, 0.5])
def test_labels_do_not_run_out_on_noise(filled: float, connectivity: int) -> None:
    mask = np.uint8(np.random.default_rng(1).random((1500, 1500)) < filled)
    parts = components(mask, connectivity)
    boxes, count = _as_counted_by_opencv(mask, connectivity)
    assert len(parts.boxes) == count == int(parts.labels.max()) + 1
    assert sorted(map(tuple, parts.boxes[1:].tolist())) == boxes


@pytest.mark.parametrize("number", [(1 << 16) - 3, (1 << 16) - 2, (1 << 16) - 1, 1 << 16])
def test_labels_do_not_run_out_at_the_edge(number: int) -> None:
    mask = np.zeros((600, 600), np.uint8)
    mask[::2, ::2].flat[:number] = 1
    assert len(components(mask).boxes) == number + 1
