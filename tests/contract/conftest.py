"""What every contract test may ask for."""

from contract.databases import blank_database, catalogue, cleared, new_database, postgresql, template

__all__ = ["blank_database", "catalogue", "cleared", "new_database", "postgresql", "template"]
