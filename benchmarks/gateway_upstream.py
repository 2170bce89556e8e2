"""An archive with very many studies and no images: prints its port, ends when its input does."""

import sys
from collections.abc import Iterator

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from findicon.query import Cancel, EncodedMatch, Level, Match, Options, Query, encode, never
from findicon.scp import Server

_NUMBER = "00000000"


class Archive:
    """A Finder whose answers to a list of studies differ in their Study Instance UIDs alone."""

    options = Options()

    def __init__(self, studies: int) -> None:
        self._studies = studies

    def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
        """Answer a list of studies; nothing at other levels."""
        answer = Dataset()
        answer.QueryRetrieveLevel = str(query.level)
        for key in query.keys.values():
            answer.add(key.to_element())
        answer.StudyInstanceUID = f"1.2.826.0.1.3680043.8.498.{_NUMBER}.1234567890"
        data = encode(answer, ExplicitVRLittleEndian)
        for number in range(self._studies if query.level is Level.STUDY else 0):
            if cancel():
                return
            uid = str(number).rjust(len(_NUMBER), "1")
            yield EncodedMatch(data.replace(_NUMBER.encode(), uid.encode()), ExplicitVRLittleEndian)


def main(studies: int) -> None:
    with Server(Archive(studies), ae_title="ARCHIVE") as server:
        print(server.address.port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]))
