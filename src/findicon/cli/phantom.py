"""A synthetic CT of a chest, drawn from ellipses: something to look at that is nobody's."""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

# Everything is in millimetres: x to the patient's left, y to the back, z to the head; z = 0 at the upper abdomen.
_Plane: TypeAlias = NDArray[np.float32]
_AIR, _LUNG, _FAT, _MUSCLE, _BLOOD, _LIVER, _SPLEEN = -1000, -850, -95, 55, 190, 115, 130
_CORTEX, _MARROW, _DISC = 650, 260, 95


class Phantom:
    """A chest of ellipses, sampled where it is asked for.

    Parameters
    ----------
    x, y
        Positions of the samples in millimetres, two arrays of one shape.
    """

    def __init__(self, x: _Plane, y: _Plane) -> None:
        self._x, self._y = x, y
        self._vessels = list(_vessels())

    def slice(self, z: float) -> _Plane:
        """Give the Hounsfield units of one axial slice, shaped as x and y."""
        image = np.full(self._x.shape, _AIR, np.float32)
        self._body(image, z)
        self._lungs(image, z)
        self._mediastinum(image, z)
        self._abdomen(image, z)
        self._bones(image, z)
        self._couch(image)
        return image

    def _inside(self, x: float, y: float, width: float, depth: float, turn: float = 0.0) -> NDArray[np.bool_]:
        """Tell which samples lie in an ellipse with these half axes, turned by so many degrees."""
        across, along = self._x - x, self._y - y
        if turn:
            cosine, sine = np.cos(np.radians(turn)), np.sin(np.radians(turn))
            across, along = across * cosine + along * sine, along * cosine - across * sine
        inside: NDArray[np.bool_] = (across / width) ** 2 + (along / depth) ** 2 <= 1
        return inside

    def _body(self, image: _Plane, z: float) -> None:
        shoulders = 22 * _smooth((z - 215) / 60)
        image[self._inside(0, 0, 168 + shoulders, 112)] = _FAT
        image[self._inside(0, 2, 152 + shoulders, 99)] = _MUSCLE
        for side in (-1, 1):  # shoulder blades' muscle, with fat between the layers
            image[self._inside(side * 96, 70, 44, 14, side * -32)] = _FAT
            image[self._inside(side * 96, 71, 42, 10, side * -32)] = _MUSCLE

    def _lungs(self, image: _Plane, z: float) -> None:
        for side, dome in ((-1, 58), (1, 44)):
            size = _ellipsoid(z, 165, 128)
            if not size:
                continue
            lung = self._inside(side * 76, 2, 60 * size + 4, 84 * size) & ~self._inside(0, -6, 30, 60)
            # the diaphragm rises into the lung: the liver's dome on the right, the spleen's and stomach's on the left
            lift = _ellipsoid(z, 0, dome * 1.6)
            if lift:
                lung &= ~self._inside(side * 66, -12, 70 * lift, 78 * lift)
            image[lung] = _LUNG
            self._draw_vessels(image, z, lung)

    def _draw_vessels(self, image: _Plane, z: float, lung: NDArray[np.bool_]) -> None:
        for start, end, width in self._vessels:
            way = (z - start[2]) / (end[2] - start[2])
            if 0 <= way <= 1:
                x, y = start[0] + way * (end[0] - start[0]), start[1] + way * (end[1] - start[1])
                radius = width * (1 - 0.7 * way) + 0.8
                image[self._inside(x, y, radius * 1.3, radius) & lung] = 40

    def _mediastinum(self, image: _Plane, z: float) -> None:
        if 40 < z < 260:
            image[self._inside(0, -4, 33, 62)] = _FAT + 60
        size = _ellipsoid(z, 105, 62)
        if size:
            image[self._inside(22, -26, 66 * size, 52 * size, 35)] = _MUSCLE
            image[self._inside(38, -16, 34 * size, 27 * size, 35)] = _BLOOD  # left ventricle
            image[self._inside(4, -40, 40 * size, 22 * size, 30)] = _BLOOD - 30  # right ventricle
            image[self._inside(8, 12, 30 * size, 18 * size)] = _BLOOD  # left atrium
        if z < 205:
            image[self._inside(20, 52, 13, 13)] = _BLOOD + 20  # descending aorta
        if 130 < z < 205:
            image[self._inside(-8, -26, 16, 16)] = _BLOOD + 20  # ascending aorta
            image[self._inside(-32, -14, 10, 9)] = _BLOOD - 50  # superior vena cava
        if 198 <= z < 222:
            image[self._inside(6, 12, 15, 48, -18)] = _BLOOD + 20  # arch
        if z >= 222:
            for x, y in ((-24, -8), (-4, -14), (16, -2)):
                image[self._inside(x, y, 7, 7)] = _BLOOD  # the arteries and veins of head and arms
        if 140 < z < 166:
            image[self._inside(14, -22, 34, 11, -25)] = _BLOOD  # pulmonary trunk
        if z > 168:
            image[self._inside(0, 22, 9, 9)] = _AIR  # trachea
        elif z > 132:
            for side in (-1, 1):
                image[self._inside(side * (168 - z) * 1.1, 22, 8, 7)] = _AIR  # main bronchi
        image[self._inside(8, 36, 7, 5)] = _MUSCLE - 15  # oesophagus

    def _abdomen(self, image: _Plane, z: float) -> None:
        size = _ellipsoid(z, -10, 96)
        if size:
            image[self._inside(-62, -10, 82 * size, 84 * size) & self._inside(-20, 0, 124, 90)] = _LIVER
            image[self._inside(-40, -22, 4 * size, 20 * size, 60)] = _LIVER + 45  # a hepatic vein
        size = _ellipsoid(z, -8, 82)
        if size:
            image[self._inside(66, -22, 56 * size, 60 * size)] = 25  # stomach, with a bubble in front
            image[self._inside(66, -42, 34 * size, 30 * size)] = _AIR + 100
            image[self._inside(104, 38, 30 * size, 44 * size, 25)] = _SPLEEN

    def _bones(self, image: _Plane, z: float) -> None:
        is_disc = z % 27 < 6
        image[self._inside(0, 76, 22, 17)] = _DISC if is_disc else _CORTEX
        if not is_disc:
            image[self._inside(0, 76, 19.5, 14.5)] = _MARROW
        for side in (-1, 1):
            image[self._inside(side * 24, 94, 20, 5, side * 18)] = _CORTEX - 150
        image[self._inside(0, 103, 5, 8)] = _CORTEX - 150
        image[self._inside(0, 96, 10, 8)] = 35  # spinal canal
        if 95 < z < 235:
            image[self._inside(0, -92, 19, 6)] = _CORTEX - 100
            image[self._inside(0, -92, 16, 3.5)] = _MARROW
        self._ribs(image, z)
        if z > 195:
            for side in (-1, 1):
                image[self._inside(side * 98, 70, 40, 4, side * -32)] = _CORTEX  # shoulder blade
        if 258 < z < 276:
            for side in (-1, 1):
                image[self._inside(side * 78, -66, 58, 7, side * 14)] = _CORTEX  # collar bone

    def _ribs(self, image: _Plane, z: float) -> None:
        outer, inner = self._inside(0, 2, 149, 95), self._inside(0, 2, 139, 86)
        # a rib runs down on its way to the front: each plane cuts several of them in short pieces
        phase = (z - 0.42 * (self._y - 76)) % 29
        wall = outer & ~inner & (np.abs(self._x) > 16)
        image[wall & (phase < 12)] = _CORTEX
        marrow = self._inside(0, 2, 147, 93) & ~self._inside(0, 2, 141, 88)
        image[marrow & wall & (phase > 2.5) & (phase < 9.5)] = _MARROW

    def _couch(self, image: _Plane) -> None:
        depth = self._y - 124 + (self._x / 40) ** 2 * 0.9
        image[(np.abs(depth) < 2) & (np.abs(self._x) < 190)] = -250


def _smooth(value: float) -> float:
    value = min(1.0, max(0.0, value))
    return value * value * (3 - 2 * value)


def _ellipsoid(z: float, centre: float, height: float) -> float:
    """Give how large an ellipsoid's section at z is, 1 in its middle; 0 where z misses it."""
    rest = 1 - ((z - centre) / height) ** 2
    return float(np.sqrt(rest)) if rest > 0 else 0.0


_Point: TypeAlias = tuple[float, float, float]


def _vessels() -> Iterator[tuple[_Point, _Point, float]]:
    """Give the lungs' vessels as lines from the hilum outwards: start, end, radius at the start."""
    for side in (-1, 1):
        hilum = (side * 34.0, 8.0, 150.0)
        for branch in range(26):
            angle = branch * 2.399963  # the golden angle spreads them evenly
            reach = 0.55 + 0.4 * ((branch * 7) % 5) / 4
            end = (
                side * (76 + 50 * reach * np.cos(angle)),
                2 + 72 * reach * np.sin(angle),
                150 + (branch - 12.5) * 8.4,
            )
            yield hilum, end, 3.4 if branch % 3 else 4.6


def axial_slices(size: int, field: float, positions: list[float]) -> Iterator[NDArray[np.int16]]:
    """Draw axial slices.

    Parameters
    ----------
    size
        Rows and columns.
    field
        Field of view in millimetres.
    positions
        z of each slice.

    Yields
    ------
    numpy.ndarray
        Hounsfield units, shape (size, size), with a little noise, the same at every run.
    """
    ticks = (((np.arange(size) + 0.5) / size - 0.5) * field).astype(np.float32)
    x, y = np.meshgrid(ticks, ticks)
    phantom = Phantom(x, y)
    noise = np.random.default_rng(1895)  # Röntgen's year
    for z in positions:
        image = _soften(phantom.slice(z)) + noise.normal(0, 11, x.shape)
        yield np.clip(image, -1024, 3071).astype(np.int16)


def localizer(rows: int, columns: int, spacing: float) -> NDArray[np.int16]:
    """Draw the frontal projection through the same chest, head up, shape (rows, columns), 0 to 4095."""
    across = (np.arange(columns) + 0.5 - columns / 2) * spacing
    along = (np.arange(96) + 0.5) / 96 * 260 - 130
    x, y = np.meshgrid(across.astype(np.float32), along.astype(np.float32))
    phantom = Phantom(x, y)
    lines = []
    for row in range(rows):
        attenuation = np.maximum(phantom.slice(300 - (row + 0.5) * spacing) + 1000, 0) / 1000
        lines.append(attenuation.sum(axis=0) * 260 / 96)
    image = _soften(np.array(lines, np.float32))
    drawn: NDArray[np.int16] = (image / image.max() * 4095).astype(np.int16)
    return drawn


def _soften(image: _Plane) -> _Plane:
    """Blur a little, as a reconstruction does: each sample with its four neighbours."""
    padded = np.pad(image, 1, mode="edge")
    cross = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    softened: _Plane = image * 0.5 + cross * 0.125
    return softened
