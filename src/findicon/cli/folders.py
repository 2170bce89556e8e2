"""Where findicon keeps its own data, and where it looks for its settings."""

from pathlib import Path

from platformdirs import user_config_path, user_data_path

_NAME = "findicon"


def data_folder() -> Path:
    """Give the user's folder for findicon's database and storage; it may not exist yet."""
    return user_data_path(_NAME, appauthor=False)


def settings_folder() -> Path:
    """Give the user's folder for findicon.toml; it may not exist."""
    return user_config_path(_NAME, appauthor=False)
