"""Pictures of another archive's entities: by origin, many at once, within a limit, the unused ones going first."""

import pytest

from findicon.catalogue import Catalogue, IconCache
from findicon.query import Level

SIZE = 1000


def put(cache: IconCache, uid: str, level: Level = Level.STUDY, size: int = SIZE, **more: object) -> None:
    cache.put(level, uid, **({"item": b"i" * size, "preview": b"", "rule": "third of 3"} | more))


def test_what_was_put_is_given_and_nothing_else(catalogue: Catalogue) -> None:
    cache = IconCache(catalogue, "PACS")
    cache.put(Level.STUDY, "1.1", item=b"item", preview=b"jpeg", rule="third of 3", source="1.1.1 1")
    cache.put(Level.STUDY, "1.2", item=None, preview=None, rule="third of 1", reason="It has no image")
    found = cache.get(Level.STUDY, ["1.1", "1.2", "1.3"])
    assert set(found) == {"1.1", "1.2"}
    assert found["1.1"][:4] == (b"item", "third of 3", "1.1.1 1", "")
    assert found["1.2"][:4] == (None, "third of 1", "", "It has no image")
    assert cache.preview(Level.STUDY, "1.1") == b"jpeg"
    assert cache.preview(Level.STUDY, "1.2") is None
    assert cache.get(Level.SERIES, ["1.1"]) == {}
    assert cache.get(Level.STUDY, []) == {}


@pytest.mark.parametrize("count", [1, 7, 8, 9, 300, 700])
def test_any_number_at_once(catalogue: Catalogue, count: int) -> None:
    cache = IconCache(catalogue, "PACS")
    for number in range(5):
        put(cache, f"1.{number}")
    found = cache.get(Level.STUDY, [f"1.{number}" for number in range(count)])
    assert set(found) == {f"1.{number}" for number in range(min(count, 5))}


def test_archives_do_not_see_each_others(catalogue: Catalogue) -> None:
    put(IconCache(catalogue, "A"), "1.1")
    assert IconCache(catalogue, "B").get(Level.STUDY, ["1.1"]) == {}
    assert catalogue.icon(Level.STUDY, "1.1") is None
    assert set(IconCache(catalogue, "A").get(Level.STUDY, ["1.1"])) == {"1.1"}


def test_bytes_are_counted_whatever_is_put_again(catalogue: Catalogue) -> None:
    cache = IconCache(catalogue, "PACS")
    put(cache, "1.1", preview=b"p" * 500)
    put(cache, "1.2")
    assert cache.bytes_kept() == 2500
    put(cache, "1.1", size=10)
    put(cache, "1.2", item=None)
    assert cache.bytes_kept() == 10


def test_what_nobody_used_longest_makes_room(catalogue: Catalogue) -> None:
    cache = IconCache(catalogue, "PACS", limit=10 * SIZE)
    for number in range(10):
        put(cache, f"1.{number}")
    cache.use(Level.STUDY, ["1.0", "1.1"])
    put(cache, "1.10")
    kept = cache.get(Level.STUDY, [f"1.{number}" for number in range(11)])
    assert set(kept) == {"1.0", "1.1", *(f"1.{number}" for number in range(4, 11))}
    assert cache.bytes_kept() == len(kept) * SIZE <= 10 * SIZE


def test_our_own_pictures_never_make_room(catalogue: Catalogue) -> None:
    catalogue.put_icon(Level.STUDY, "9.9", item=b"own" * 5000, preview=None, rule="third", source="")
    cache = IconCache(catalogue, "PACS", limit=SIZE)
    for number in range(5):
        put(cache, f"1.{number}")
    assert catalogue.icon(Level.STUDY, "9.9") == b"own" * 5000
    assert cache.bytes_kept() <= SIZE
    assert catalogue.progress().icons_made == 1 + cache.bytes_kept() // SIZE


def test_an_archive_has_a_name(catalogue: Catalogue) -> None:
    with pytest.raises(ValueError, match="name"):
        IconCache(catalogue, "")
