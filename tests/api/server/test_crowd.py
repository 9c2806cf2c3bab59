"""The crowd: where there is no room, the stranger who has been here longest makes way."""

from api.server.crowd import Crowd


class Guest:
    """A connection of which only this is known: whether it had to go."""

    def __init__(self) -> None:
        self.gone = False

    def make_way(self) -> None:
        self.gone = True


def came(crowd: Crowd, address: str, count: int) -> list[Guest]:
    guests = [Guest() for _ in range(count)]
    for guest in guests:
        assert crowd.enter(guest, address)
    return guests


def gone(guests: list[Guest]) -> list[bool]:
    return [guest.gone for guest in guests]


def test_the_stranger_who_has_been_here_longest_makes_way() -> None:
    crowd = Crowd(connections=100, strangers=3, shared=False)
    guests = came(crowd, "a", 3)
    assert gone(guests) == [False, False, False]
    guests += came(crowd, "b", 1)
    assert gone(guests) == [True, False, False, False]


def test_whoever_is_recognised_stays() -> None:
    crowd = Crowd(connections=100, strangers=3, shared=False)
    guests = came(crowd, "a", 3)
    crowd.recognise(guests[0])
    crowd.recognise(guests[0])
    guests += came(crowd, "a", 2)
    assert gone(guests) == [False, True, False, False, False]


def test_an_address_has_half_of_the_room_for_strangers() -> None:
    crowd = Crowd(connections=100, strangers=4, shared=True)
    others = came(crowd, "other", 2)
    guests = came(crowd, "own", 4)
    assert gone(guests) == [True, True, False, False]
    assert gone(others) == [False, False]


def test_a_full_house_has_no_room_for_another_unless_a_stranger_is_in_it() -> None:
    crowd = Crowd(connections=3, strangers=100, shared=False)
    guests = came(crowd, "a", 3)
    for guest in guests[:2]:
        crowd.recognise(guest)
    (last,) = came(crowd, "a", 1)
    assert gone(guests) == [False, False, True]
    crowd.recognise(last)
    assert not crowd.enter(Guest(), "a")


def test_an_address_has_half_of_the_house() -> None:
    crowd = Crowd(connections=4, strangers=100, shared=True)
    for guest in came(crowd, "a", 2):
        crowd.recognise(guest)
    assert not crowd.enter(Guest(), "a")
    assert crowd.enter(Guest(), "b")


def test_who_leaves_makes_room_and_nothing_of_them_is_kept() -> None:
    crowd = Crowd(connections=2, strangers=2, shared=False)
    for _ in range(10):
        known, stranger = came(crowd, "a", 2)
        crowd.recognise(known)
        for guest in (known, stranger):
            crowd.leave(guest)
            crowd.leave(guest)
            assert not guest.gone
    assert not any((crowd._from, crowd._strangers, crowd._strangers_of, crowd._count))
