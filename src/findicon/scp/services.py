"""What the server offers: verbs to abstract syntaxes, with the transfer syntaxes that it takes."""

from collections.abc import Mapping, Sequence

from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from ..dimse import IDENTIFIER_SYNTAXES, NATIVE_SYNTAXES, VERIFICATION, Offer, is_uid, peer_uid, storage_classes
from ..query import Model

_IDENTIFIERS = Offer(IDENTIFIER_SYNTAXES)


def offered(*, gets: bool, moves: bool, stores: bool) -> dict[str, Mapping[str, Offer]]:
    """Give the services by verb; storage classes depend on the request and come from `storage_offers`."""
    services: dict[str, Mapping[str, Offer]] = {
        "echo": {VERIFICATION: _IDENTIFIERS},
        "find": {model.find: _IDENTIFIERS for model in Model},
    }
    if gets:
        services["get"] = {model.get: _IDENTIFIERS for model in Model}
    if moves:
        services["move"] = {model.move: _IDENTIFIERS for model in Model}
    if stores:
        services["store"] = {}
    return services


def storage_offers(proposed: Sequence[tuple[str, Sequence[str]]], *, store: bool, get: bool) -> dict[str, Offer]:
    """Give the offers for the storage classes among what a requestor proposes.

    Whoever stores has its transfer syntaxes in the order that suits it; explicit VRs go before implicit ones all the
    same. Whoever gets may have proposed compressed ones first for instances that we hold uncompressed, and we do not
    compress, so native ones go first.
    """
    offers: dict[str, dict[str, None]] = {}
    for abstract_syntax, transfer_syntaxes in proposed:
        if is_storage(abstract_syntax):
            uids = filter(is_uid, transfer_syntaxes)
            offers.setdefault(abstract_syntax, {}).update(dict.fromkeys(uids))
    return {
        abstract_syntax: Offer(
            _preferred([peer_uid(one) for one in syntaxes], native_first=get), requestor_scu=store, requestor_scp=get
        )
        for abstract_syntax, syntaxes in offers.items()
    }


def is_storage(abstract_syntax: str) -> bool:
    """Tell whether an abstract syntax is a storage class: one of the Standard's, or one that no dictionary knows."""
    if abstract_syntax in storage_classes():
        return True
    return is_uid(abstract_syntax) and peer_uid(abstract_syntax).type == ""


def _preferred(syntaxes: list[UID], *, native_first: bool) -> list[UID]:
    if native_first:
        native = [one for one in NATIVE_SYNTAXES if one in syntaxes]
        return native + [one for one in syntaxes if one not in native]
    if ExplicitVRLittleEndian in syntaxes and ImplicitVRLittleEndian in syntaxes:
        explicit, implicit = syntaxes.index(ExplicitVRLittleEndian), syntaxes.index(ImplicitVRLittleEndian)
        if implicit < explicit:
            syntaxes.insert(implicit, syntaxes.pop(explicit))
    return syntaxes
