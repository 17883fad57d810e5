"""Ways of optimizers, and spikes, as films."""

from __future__ import annotations

import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from ..training.files import write
from .rasters import SPIKES
from .saving import figure_of
from .trajectories import ENDS, PATH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

Array = np.ndarray
FRAMES, HOLD = 60, 15  # of what moves, and of the whole picture at the end
COLOURS = 64


def film(ax_or_fig: Axes | Figure | np.ndarray, path: str | Path, dpi: float = 80, fps: int = 12) -> Path:
    """Write a figure of `trajectories` or `raster` as a film in which ways are walked, or spikes come one by one.

    Parameters
    ----------
    ax_or_fig : Axes, Figure or array of Axes
        Of axes, the whole figure is written.
    path : str or Path
        .gif, or .mp4 where ffmpeg is installed.
    dpi : float
        Pixels per inch.
    fps : int
        Frames per second, of 75 in all.

    Returns
    -------
    Path
    """
    path, figure = Path(path), figure_of("film", ax_or_fig)
    kind = path.suffix.lower()
    if kind not in (".gif", ".mp4"):
        raise ValueError(f"film: the path must end in .gif or .mp4, got {str(path)!r}")
    if kind == ".mp4" and shutil.which("ffmpeg") is None:
        raise ModuleNotFoundError(f"film: {path.name} needs ffmpeg, which is not installed; a .gif does not")
    lines = [line for ax in figure.axes for line in ax.lines if line.get_gid() in (PATH, ENDS, SPIKES)]
    if not lines:
        raise ValueError("film: there are no trajectories and no spikes in the figure")
    before = figure.dpi
    figure.set_dpi(dpi)
    try:
        frames = _frames(figure, lines)
    finally:
        figure.set_dpi(before)
    return write(path, (_gif if kind == ".gif" else _mp4)(frames, fps))


def _frames(figure: Figure, lines: list[Line2D]) -> Array:
    """Pictures (frames, height, width, 3); what does not move is drawn once."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    held, canvas = figure.canvas, FigureCanvasAgg(figure)
    ways = [np.asarray(line.get_xydata()) for line in lines]
    found = []
    try:
        for line in lines:
            line.set_visible(False)
        canvas.draw()
        still = canvas.copy_from_bbox(figure.bbox)
        for counts in _counts(lines):
            canvas.restore_region(still)
            for line, way, count in zip(lines, ways, counts, strict=True):
                line.set_data(*way[:count].T)
                line.set_visible(True)
                line.draw(canvas.get_renderer())
            found.append(np.array(canvas.buffer_rgba())[..., :3])
    finally:
        for line, way in zip(lines, ways, strict=True):
            line.set_data(*way.T)
            line.set_visible(True)
        figure.set_canvas(held)
    return np.stack(found + [found[-1]] * HOLD)


def _counts(lines: list[Line2D]) -> list[list[int]]:
    """How many points of each line are there, frame by frame: of spikes, those so far, of ends none before the last."""
    last = max((len(np.asarray(line.get_xydata())) for line in lines if line.get_gid() == PATH), default=FRAMES)
    steps = np.unique(np.linspace(1, last, FRAMES).round().astype(int))
    return [[_count(line, int(step), last) for line in lines] for step in steps]


def _count(line: Line2D, step: int, last: int) -> int:
    x, kind = np.asarray(line.get_xdata()), line.get_gid()
    if kind == SPIKES and line.axes is not None:
        begin, end = line.axes.get_xlim()
        return int(np.searchsorted(x, begin + (end - begin) * step / last, side="right"))
    return min(step, len(x)) if kind == PATH else len(x) * (step == last)


def _gif(frames: Array, fps: int) -> bytes:
    """In the colours of the last frame, in which all are seen."""
    from PIL import Image

    pictures = [Image.fromarray(frame) for frame in frames[:-HOLD]]
    colours = pictures[-1].quantize(COLOURS)
    first, *rest = (picture.quantize(palette=colours, dither=Image.Dither.NONE) for picture in pictures)
    durations = [1000 // fps] * (len(pictures) - 1) + [1000 * HOLD // fps]
    content = BytesIO()
    first.save(content, "gif", save_all=True, append_images=rest, duration=durations, loop=0)
    return content.getvalue()


def _mp4(frames: Array, fps: int) -> bytes:
    height, width = (2 * (side // 2) for side in frames.shape[1:3])  # h264 wants even sides
    with TemporaryDirectory() as folder:
        aside = Path(folder) / "film.mp4"
        told = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(fps), "-i", "-"]
        done = subprocess.run(
            ["ffmpeg", "-loglevel", "error", *told, "-pix_fmt", "yuv420p", str(aside)],
            input=np.ascontiguousarray(frames[:, :height, :width]).tobytes(),
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise OSError(f"film: ffmpeg failed: {done.stderr.decode(errors='replace').strip()}")
        return aside.read_bytes()
