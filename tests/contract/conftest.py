"""What every contract test may ask for."""

from contract.databases import catalogue, new_database, postgresql, template

__all__ = ["catalogue", "new_database", "postgresql", "template"]
