"""A page as it is looked at, and its own coordinates."""

from dataclasses import dataclass
from typing import Literal

Rotation = Literal[0, 90, 180, 270]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class PageFrame:
    """The visible part of a page: user-space corners, how it is turned, size of its unit.

    ``rotation`` in degrees clockwise (/Rotate); ``unit`` in points (/UserUnit).
    """

    left: float
    bottom: float
    right: float
    top: float
    rotation: Rotation = 0
    unit: float = 1.0

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in points as the page is looked at."""
        width, height = (self.right - self.left) * self.unit, (self.top - self.bottom) * self.unit
        return (height, width) if self.rotation in (90, 270) else (width, height)

    def to_user_space(self, box: Box) -> Box:
        """From (left, top, right, bottom) in points from the seen top left corner."""
        u1, v1, u2, v2 = (edge / self.unit for edge in box)
        corners = {
            0: (self.left + u1, self.top - v2, self.left + u2, self.top - v1),
            90: (self.left + v1, self.bottom + u1, self.left + v2, self.bottom + u2),
            180: (self.right - u2, self.bottom + v1, self.right - u1, self.bottom + v2),
            270: (self.right - v2, self.top - u2, self.right - v1, self.top - u1),
        }
        return corners[self.rotation]

    def from_user_space(self, box: Box) -> Box:
        """The inverse: (left, top, right, bottom) in points as seen."""
        x1, y1, x2, y2 = box
        seen = {
            0: (x1 - self.left, self.top - y2, x2 - self.left, self.top - y1),
            90: (y1 - self.bottom, x1 - self.left, y2 - self.bottom, x2 - self.left),
            180: (self.right - x2, y1 - self.bottom, self.right - x1, y2 - self.bottom),
            270: (self.top - y2, self.right - x2, self.top - y1, self.right - x1),
        }
        u1, v1, u2, v2 = (edge * self.unit for edge in seen[self.rotation])
        return (u1, v1, u2, v2)
