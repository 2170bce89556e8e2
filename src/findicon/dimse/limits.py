"""What the exchange bears before it says no (design: every limit has a default and a reason in the log)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the exchange; times in seconds, sizes in bytes.

    Parameters
    ----------
    associations, associations_per_caller
        Open at once in this process, in all and per caller (AE title and host).
    associate
        Time for the A-ASSOCIATE exchange and for a TLS handshake (ARTIM, PS3.8 9.1.5).
    idle
        Time without a request after which an association is aborted.
    network
        Time for one PDU to arrive whole or to be taken by the peer, and between the PDUs of one message.
    slowest
        Least mean rate of a message, in bytes a second, once `network` has passed.
    release
        Time for the peer to answer a release, or to close its connection after we have said goodbye.
    pdu
        Largest P-DATA-TF PDU that we accept, as negotiated (PS3.8 D.1).
    identifier
        Largest C-FIND, C-GET or C-MOVE identifier.
    instance
        Largest data set of a C-STORE; None knows no limit.
    matches
        Answers to one C-FIND, after which it ends with status A700; None knows no limit.
    """

    associations: int = 1000
    associations_per_caller: int = 300
    associate: float = 30.0
    idle: float = 600.0
    network: float = 30.0
    slowest: int = 1000
    release: float = 2.0
    pdu: int = 131072
    identifier: int = 1 << 20
    instance: int | None = None
    matches: int | None = None

    @property
    def association_pdu(self) -> int:
        """Largest A-ASSOCIATE PDU that we accept: 128 contexts with twenty transfer syntaxes each, and more."""
        return max(self.pdu, 1 << 18)
