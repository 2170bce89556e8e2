"""A measurement's row, and the page that all rows make."""

import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import NotRequired, TypedDict


class Row(TypedDict):
    """One case beside one peer."""

    case: str
    ours: str  # with its unit, "0.12 s"
    peer: str  # name, figure and unit, "Orthanc 0.36 s"
    ratio: float | None  # how many times better than the peer; None where there is no peer
    goal: str  # as design wants it, ">= 3"; empty where a figure is only reported
    met: NotRequired[bool]


HEAD = """# {title}

Written by `make bench`, in one run on one machine. Machines differ and are noisy: read the ratios, not the times.
A ratio says how many times better findicon is than the peer in the same row.

"""


def page(title: str, rows: Sequence[Row]) -> str:
    """Make the Markdown page of one section."""
    lines = [
        HEAD.format(title=title) + machine(),
        "| case | findicon | beside | ratio | goal | |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.3g}"
        met = {True: "met", False: "**missed**", None: ""}[row.get("met")]
        lines.append(f"| {row['case']} | {row['ours']} | {row['peer']} | {ratio} | {row['goal']} | {met} |")
    return "\n".join([*lines, ""])


def machine() -> str:
    """Tell on what, and with which versions, the run was made."""
    packages = ["pydicom", "pynetdicom", "numpy", "pillow", "imagecodecs", "sqlalchemy"]
    versions = [f"{name} {version(name)}" for name in packages]
    peers = [line for line in (_first_line("findscu", "--version"), _first_line("Orthanc", "--version")) if line]
    return (
        f"{date.today().isoformat()}, {_processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, {', '.join(versions)}; "
        f"peers: {', '.join(peers)}.\n"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def _first_line(*command: str) -> str:
    if shutil.which(command[0]) is None:
        return ""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return " ".join(done.stdout.splitlines()[0].strip("$ ").split()[:3]) if done.stdout else ""
