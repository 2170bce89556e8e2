"""The routes of the DICOMweb services, in the order in which a path is looked up."""

from fastapi import APIRouter

from ..pictures import Pictures
from ..services import Services
from .bulkdata import bulkdata_routes
from .capabilities import capabilities_routes
from .frame_resources import frame_routes
from .rendered import rendered_routes
from .retrieve import retrieve_routes
from .search import search_routes
from .store import store_routes
from .thumbnails import thumbnail_routes


def dicomweb_routes(services: Services, pictures: Pictures) -> APIRouter:
    """Give the routes of the DICOMweb services.

    Parameters
    ----------
    services
        What they work with; without an Ingest there is no STOW-RS.
    pictures
        Where thumbnails come from.
    """
    router = APIRouter()
    router.include_router(search_routes(services))
    router.include_router(thumbnail_routes(services, pictures))
    router.include_router(rendered_routes(services))
    router.include_router(bulkdata_routes(services))
    router.include_router(frame_routes(services))
    router.include_router(retrieve_routes(services))
    if services.ingest is not None:
        router.include_router(store_routes(services, services.ingest))
    router.include_router(capabilities_routes(services))
    return router
