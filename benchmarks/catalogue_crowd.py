"""Processes that take instances in while somebody asks."""

import sys
import time

from findicon.catalogue import Catalogue, InstanceRecord
from findicon.icons import Facts

_PIECE = 20


def main(url: str, name: str, seconds: float) -> None:
    """Add instances, a few in each transaction, for some seconds; print how many."""
    count = 0
    with Catalogue(url) as catalogue:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            catalogue.add([_record(name, count + number) for number in range(_PIECE)])
            count += _PIECE
    print(count)


def _record(name: str, number: int) -> InstanceRecord:
    study, series = f"1.3.{name}.{number // 100}", f"1.3.{name}.{number // 100}.1"
    attributes = {
        0x00080018: f"{series}.{number}",
        0x0020000D: study,
        0x0020000E: series,
        0x00080060: "CT",
        0x00100010: f"INGEST^{name}",
        0x00100020: f"INGEST{name}",
        0x00080020: "20240101",
    }
    return InstanceRecord(attributes, Facts(f"{series}.{number}"), f"/{series}/{number}", 1, 1.0, "1.2.840.10008.1.2.1")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
