"""The cache keeps aggregates as objects or as bytes, and nobody can tell which."""

from adapters.journal.aggregate_cache import SHORT, UNPACKED, Cache
from domain.customers.customer import Customer
from domain.customers.customer_profile import Grade


def customers(count: int) -> list[Customer]:
    made = [Customer.register(name=f"Customer {number}", unit="gd") for number in range(count)]
    for customer in made:
        for grade in "ABC"[:SHORT]:
            customer.regrade(grade=Grade(grade), reason="A test")
        customer.collect_events()
    return made


def test_only_the_newest_stay_objects_and_the_others_come_back_equal() -> None:
    cache = Cache(UNPACKED + 10)
    made = customers(UNPACKED + 5)
    for customer in made:
        cache.put(customer)
    cache.pack()

    assert cache.get(made[-1].id) is made[-1]
    found = cache.get(made[0].id)
    assert found is not made[0]
    assert vars(found) == vars(made[0])
    assert cache.get(made[0].id) is found


def test_a_short_one_is_not_packed_but_read_again() -> None:
    cache = Cache(UNPACKED + 10)
    short = Customer.register(name="Customer", unit="gd")
    made = customers(UNPACKED)
    for customer in (short, *made):
        cache.put(customer)
    cache.outdate([short.id])
    cache.pack()

    assert cache.get(short.id) is None
    assert cache.outdated(short.id) is None
    assert cache.get(made[0].id) is made[0]


def test_the_one_not_used_for_longest_is_forgotten_packed_or_not() -> None:
    cache = Cache(UNPACKED + 2)
    made = customers(UNPACKED + 3)
    for customer in made[:-1]:
        cache.put(customer)
    cache.pack()
    cache.get(made[0].id)
    cache.put(made[-1])

    assert cache.get(made[1].id) is None
    assert all(cache.get(customer.id) for customer in (made[0], *made[2:]))


def test_what_others_changed_is_outdated_packed_or_not_until_it_is_put_again() -> None:
    cache = Cache(UNPACKED + 10)
    made = customers(UNPACKED + 1)
    for customer in made:
        cache.put(customer)
    cache.pack()
    both = (made[0].id, made[-1].id)
    cache.outdate([*both, "unknown"])

    assert [cache.get(id) for id in (*both, "unknown")] == [None] * 3
    assert [vars(cache.outdated(id))["details"]["name"] for id in both] == [
        "Customer 0",
        f"Customer {UNPACKED}",
    ]
    cache.put(made[0])
    cache.drop(both[1:])
    assert cache.get(made[0].id) is made[0]
    assert cache.outdated(both[1]) is None
