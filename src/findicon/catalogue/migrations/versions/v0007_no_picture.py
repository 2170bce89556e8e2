"""What has no picture to give is counted, so that it does not count among the pictures that were made."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Index it."""
    where = sa.text("item IS NULL")
    op.create_index("icon_none", "icon", ["id"], sqlite_where=where, postgresql_where=where)
