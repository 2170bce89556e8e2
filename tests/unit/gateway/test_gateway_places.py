"""Where instances and series are, as the answers that pass say it."""

from findicon.gateway.answers import Entity, Subject
from findicon.gateway.places import Places
from findicon.query import Level

CT = "1.2.840.10008.5.1.4.1.1.2"


def instance(uid: str, series: str = "1.1", study: str = "1") -> Subject:
    return Subject(Entity(Level.IMAGE, uid, study, series), None, CT)


def series(uid: str, study: str = "1") -> Subject:
    return Subject(Entity(Level.SERIES, uid, study, uid))


def test_what_passed_is_found_again() -> None:
    places = Places()
    for subject in (instance("1.1.1"), series("1.2"), Subject(Entity(Level.STUDY, "1", "1"))):
        places.learn(subject)
    assert places.of("1.1.1") == ("1", "1.1", CT)
    assert places.of("1.1") == ("1", "1.1", "")
    assert places.of("1.2") == ("1", "1.2", "")
    assert places.of("1") is None, "a study is its own place"
    assert places.of("9") is None


def test_what_moved_is_found_where_it_is_now() -> None:
    places = Places()
    places.learn(instance("1.1.1"))
    places.learn(instance("1.1.1", series="2.1", study="2"))
    assert places.of("1.1.1") == ("2", "2.1", CT)


def test_half_a_place_is_none() -> None:
    places = Places()
    places.learn(instance("1.1.1", series=""))
    places.learn(instance("2.1.1", series="2.1", study=""))
    places.learn(instance(""))
    assert places.of("1.1.1") is places.of("2.1.1") is places.of("") is None


def test_the_oldest_make_room() -> None:
    places = Places(most_instances=100, most_series=100)
    for number in range(1000):
        places.learn(instance(f"1.1.{number}"))
    assert places.of("1.1.999") == places.of("1.1.920") == ("1", "1.1", CT)
    assert places.of("1.1.890") is None
    for number in range(1000):
        places.learn(series(f"2.{number}"))
    assert places.of("2.999") == ("1", "2.999", "")
    assert places.of("2.0") is None
    assert places.of("1.1.999") is None, "its series was forgotten"
