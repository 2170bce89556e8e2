"""What the client proposes for each of its verbs: presentation contexts, roles and options."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydicom.uid import AllTransferSyntaxes, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from ..dimse import VERIFICATION, storage_classes, storage_syntaxes
from ..query import Model, Options

_PLAIN = (str(ExplicitVRLittleEndian), str(ImplicitVRLittleEndian))
_MOST_CONTEXTS = 128
_ELSEWHERE = {"JPIP", "SMPTE"}
# What a C-GET can bring when nobody says what it will: these first, the rest of the Standard's storage classes after.
_COMMON_IMAGES = (
    "1.2.840.10008.5.1.4.1.1.2",  # CT Image
    "1.2.840.10008.5.1.4.1.1.4",  # MR Image
    "1.2.840.10008.5.1.4.1.1.1",  # Computed Radiography
    "1.2.840.10008.5.1.4.1.1.1.1",  # Digital X-Ray, for presentation
    "1.2.840.10008.5.1.4.1.1.1.2",  # Digital Mammography X-Ray, for presentation
    "1.2.840.10008.5.1.4.1.1.6.1",  # Ultrasound
    "1.2.840.10008.5.1.4.1.1.3.1",  # Ultrasound Multi-frame
    "1.2.840.10008.5.1.4.1.1.7",  # Secondary Capture
    "1.2.840.10008.5.1.4.1.1.7.2",  # Multi-frame Grayscale Byte Secondary Capture
    "1.2.840.10008.5.1.4.1.1.7.3",  # Multi-frame Grayscale Word Secondary Capture
    "1.2.840.10008.5.1.4.1.1.7.4",  # Multi-frame True Color Secondary Capture
    "1.2.840.10008.5.1.4.1.1.12.1",  # X-Ray Angiographic
    "1.2.840.10008.5.1.4.1.1.12.2",  # X-Ray Radiofluoroscopic
    "1.2.840.10008.5.1.4.1.1.2.1",  # Enhanced CT
    "1.2.840.10008.5.1.4.1.1.4.1",  # Enhanced MR
    "1.2.840.10008.5.1.4.1.1.13.1.3",  # Breast Tomosynthesis
    "1.2.840.10008.5.1.4.1.1.20",  # Nuclear Medicine
    "1.2.840.10008.5.1.4.1.1.128",  # Positron Emission Tomography
    "1.2.840.10008.5.1.4.1.1.77.1.1",  # VL Endoscopic
    "1.2.840.10008.5.1.4.1.1.77.1.4",  # VL Photographic
    "1.2.840.10008.5.1.4.1.1.77.1.6",  # VL Whole Slide Microscopy
    "1.2.840.10008.5.1.4.1.1.77.1.5.1",  # Ophthalmic Photography 8 Bit
    "1.2.840.10008.5.1.4.1.1.77.1.5.4",  # Ophthalmic Tomography
)


@dataclass(frozen=True, slots=True)
class Proposed:
    """What an association was asked with, or shall be asked with."""

    syntaxes: tuple[tuple[str, tuple[str, ...]], ...]
    options: Options = field(default_factory=Options)
    storage_roles: frozenset[str] = frozenset()
    """Storage classes that we want to receive on it: the SCP role for us (PS3.4 C.5.3)."""

    def suits(self, wanted: "Proposed") -> bool:
        """Tell whether an association asked with this is as good as one asked with `wanted`."""
        return (
            self.options == wanted.options
            and self.storage_roles >= wanted.storage_roles
            and set(self.syntaxes) >= set(wanted.syntaxes)
        )

    def extended(self) -> Mapping[str, Options]:
        """Give the extended negotiation to propose, by SOP class."""
        return {str(model.find): self.options for model in Model} if self.options != Options() else {}

    def roles(self) -> Mapping[str, tuple[bool, bool]]:
        """Give the roles to propose, by SOP class."""
        return dict.fromkeys(sorted(self.storage_roles), (False, True))


def for_queries(transfer_syntaxes: Sequence[str], options: Options) -> Proposed:
    """Propose C-ECHO and C-FIND."""
    syntaxes = tuple(str(one) for one in transfer_syntaxes)
    return Proposed(tuple((str(one), syntaxes) for one in (VERIFICATION, *(model.find for model in Model))), options)


def for_moves(transfer_syntaxes: Sequence[str]) -> Proposed:
    """Propose C-MOVE."""
    syntaxes = tuple(str(one) for one in transfer_syntaxes)
    return Proposed(tuple((str(model.move), syntaxes) for model in Model))


def for_stores(instances: Sequence[tuple[str, str]]) -> Proposed:
    """Propose C-STORE for SOP classes with their transfer syntaxes."""
    return Proposed(tuple(storage_syntaxes(instances)))


def for_gets(transfer_syntaxes: Sequence[str], sop_classes: Sequence[str]) -> Proposed:
    """Propose C-GET, and to receive these SOP classes, or all common ones when none are given.

    Native and compressed transfer syntaxes stand in contexts of their own, so that the peer can send an instance as it
    is stored; with few SOP classes each compressed one does.
    """
    syntaxes = tuple(str(one) for one in transfer_syntaxes)
    proposed = [(str(model.get), syntaxes) for model in Model]
    wanted = [str(one) for one in sop_classes] or [*_COMMON_IMAGES, *sorted(storage_classes() - set(_COMMON_IMAGES))]
    compressed = _compressed()
    room = _MOST_CONTEXTS - len(proposed)
    if len(wanted) * (1 + len(compressed)) <= room:
        storage = [(one, syntax) for one in wanted for syntax in (_PLAIN, *((each,) for each in compressed))]
    else:
        images = [one for one in wanted if one in sop_classes or one in _COMMON_IMAGES]
        storage = [(one, _PLAIN) for one in wanted[: room - len(images)]] + [(one, compressed) for one in images]
    storage = storage[:room]
    return Proposed((*proposed, *storage), storage_roles=frozenset(one for one, _ in storage))


def _compressed() -> tuple[str, ...]:
    """Give the transfer syntaxes in which instances lie compressed in files; not those that only refer to pixels."""
    return tuple(
        str(one) for one in AllTransferSyntaxes if one.is_encapsulated and not _ELSEWHERE & set(one.name.split())
    )
