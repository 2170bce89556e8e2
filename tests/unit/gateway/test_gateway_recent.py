"""Pictures in memory: the latest, within a limit in bytes."""

from findicon.catalogue import CachedIcon
from findicon.gateway.recent import RecentIcons
from findicon.query import Level


def icon(size: int) -> CachedIcon:
    return CachedIcon(b"i" * size, "third 64 of 3", "1.2", "", 0.0)


def test_what_was_put_is_there_by_level() -> None:
    recent = RecentIcons(10_000)
    recent.put(Level.STUDY, {"1": icon(100), "2": icon(100)})
    assert set(recent.get(Level.STUDY, ["1", "2", "3"])) == {"1", "2"}
    assert recent.get(Level.SERIES, ["1"]) == {}
    recent.forget(Level.STUDY, "1")
    recent.forget(Level.STUDY, "9")
    assert set(recent.get(Level.STUDY, ["1", "2"])) == {"2"}


def test_the_one_that_was_asked_for_longest_ago_goes_first() -> None:
    recent = RecentIcons(3 * 1600)
    for uid in "abc":
        recent.put(Level.STUDY, {uid: icon(1000)})
    recent.get(Level.STUDY, ["a"])
    recent.put(Level.STUDY, {"d": icon(1000)})
    assert set(recent.get(Level.STUDY, "abcd")) == {"a", "c", "d"}
    recent.put(Level.STUDY, {"d": icon(2000)})
    assert set(recent.get(Level.STUDY, "abcd")) == {"a", "d"} or set(recent.get(Level.STUDY, "abcd")) == {"c", "d"}


def test_one_that_is_larger_than_the_limit_is_not_kept() -> None:
    recent = RecentIcons(500)
    recent.put(Level.STUDY, {"a": icon(1000)})
    assert recent.get(Level.STUDY, ["a"]) == {}
