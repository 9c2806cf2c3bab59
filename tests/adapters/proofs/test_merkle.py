"""Merkle logs agree with RFC 6962's definitions, with known vectors, and with no forgery."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.proofs.merkle import (
    EMPTY,
    SIZE,
    BadProof,
    Frontier,
    Node,
    check_consistency,
    check_inclusion,
    completed,
    consistency_path,
    inclusion_path,
    leaf_hash,
    needed,
    place,
    resolved,
)

VECTORS = [bytes.fromhex(each) for each in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
"""The leaves of the test vectors of Certificate Transparency."""

ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)

MOST = 65


def naive_root(leaves: list[bytes]) -> bytes:
    """Return MTH(D[n]) as section 2.1 defines it."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = split(len(leaves))
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """Return PATH(m, D[n]) as section 2.1.1 defines it."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_consistency(m: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """Return SUBPROOF(m, D[n], b) as section 2.1.2 defines it."""
    if m == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*naive_consistency(m, leaves[:k], whole), naive_root(leaves[k:])]
    return [*naive_consistency(m - k, leaves[k:], False), naive_root(leaves[:k])]


def split(n: int) -> int:
    """Return the largest power of two smaller than n."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def leaves_of(count: int) -> list[bytes]:
    return [str(number).encode() for number in range(count)]


class Grown:
    """A log grown leaf by leaf, with all that it ever completed."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.frontier = Frontier()
        self.kept = b"".join(self.frontier.extend([leaf_hash(leaf)]) for leaf in leaves)

    def hashes(self, nodes: set[Node]) -> dict[Node, bytes]:
        return {node: self.kept[place(node) * SIZE : (place(node) + 1) * SIZE] for node in nodes}

    def inclusion(self, index: int, size: int) -> list[bytes]:
        path = inclusion_path(index, size)
        return resolved(path, self.hashes(needed(path)))

    def consistency(self, old: int, size: int) -> list[bytes]:
        path = consistency_path(old, size)
        return resolved(path, self.hashes(needed(path)))


def test_roots_are_those_of_certificate_transparency() -> None:
    frontier = Frontier()
    assert frontier.root() == EMPTY == sha256().digest()
    for leaf, root in zip(VECTORS, ROOTS, strict=True):
        frontier.extend([leaf_hash(leaf)])
        assert frontier.root().hex() == root


def test_proofs_are_those_of_certificate_transparency() -> None:
    log = Grown(VECTORS)
    assert [each.hex() for each in log.inclusion(5, 8)] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [each.hex() for each in log.consistency(6, 8)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_every_root_and_every_proof_of_small_logs_is_that_of_the_definition() -> None:
    leaves = leaves_of(MOST)
    log = Grown(leaves)
    for size in range(1, MOST + 1):
        root = naive_root(leaves[:size])
        assert Grown(leaves[:size]).frontier.root() == root
        for index in range(size):
            proof = log.inclusion(index, size)
            assert proof == naive_path(index, leaves[:size])
            check_inclusion(leaf_hash(leaves[index]), index, size, proof, root)
        for old in range(1, size + 1):
            proof = log.consistency(old, size)
            assert proof == naive_consistency(old, leaves[:size])
            check_consistency(old, naive_root(leaves[:old]), size, root, proof)
        check_consistency(0, EMPTY, size, root, log.consistency(0, size))


def test_no_proof_of_a_small_log_holds_for_anything_else() -> None:
    leaves = leaves_of(17)
    log = Grown(leaves)
    for size in range(1, 18):
        root = naive_root(leaves[:size])
        for index in range(size):
            proof, leaf = log.inclusion(index, size), leaf_hash(leaves[index])
            for wrong in [[*proof, leaf], *flipped(proof), *shortened(proof)]:
                with pytest.raises(BadProof):
                    check_inclusion(leaf, index, size, wrong, root)
            for other in set(range(-1, size + 1)) - {index}:
                with pytest.raises(BadProof):
                    check_inclusion(leaf, other, size, proof, root)
        for old in range(1, size):
            proof, before = log.consistency(old, size), naive_root(leaves[:old])
            for wrong in [[*proof, root], *flipped(proof), *shortened(proof)]:
                with pytest.raises(BadProof):
                    check_consistency(old, before, size, root, wrong)
            for first, second in ((root, root), (before, before)):
                with pytest.raises(BadProof):
                    check_consistency(old, first, size, second, proof)
        with pytest.raises(BadProof):
            check_consistency(size + 1, root, size, root, [])
        with pytest.raises(BadProof):
            check_consistency(size, root, size, EMPTY, [])


def flipped(proof: list[bytes]) -> list[list[bytes]]:
    """Return the proof with one bit turned in one of its hashes."""
    return [
        [*proof[:n], bytes([each[0] ^ 1]) + each[1:], *proof[n + 1 :]]
        for n, each in enumerate(proof)
    ]


def shortened(proof: list[bytes]) -> list[list[bytes]]:
    return [proof[1:], proof[:-1]] if proof else []


def test_what_cannot_be_proved_is_refused() -> None:
    for index, size in ((0, 0), (3, 3), (-1, 3)):
        with pytest.raises(ValueError, match="not among"):
            inclusion_path(index, size)
    for old, size in ((4, 3), (-1, 3)):
        with pytest.raises(ValueError, match="not the beginning"):
            consistency_path(old, size)


@given(st.lists(st.integers(0, 40), max_size=6))
def test_a_log_that_grows_in_parts_is_the_log_that_grew_at_once(parts: list[int]) -> None:
    leaves = leaves_of(sum(parts))
    frontier, kept, rest = Frontier(), b"", iter(leaves)
    for count in parts:
        kept += frontier.extend(leaf_hash(next(rest)) for _ in range(count))
        frontier = Frontier.parse(bytes(frontier))
    assert kept == Grown(leaves).kept
    assert len(kept) == SIZE * completed(len(leaves))
    assert frontier.root() == naive_root(leaves)


@given(st.integers(1, 2**40), st.data())
def test_proofs_are_as_short_as_the_log_is_deep(size: int, data: st.DataObject) -> None:
    depth = (size - 1).bit_length()
    assert len(inclusion_path(data.draw(st.integers(0, size - 1)), size)) <= depth
    assert len(consistency_path(data.draw(st.integers(0, size)), size)) <= depth + 1
    assert len(inclusion_path(99_999, 100_000)) <= 17


@given(st.binary(max_size=100))
def test_a_frontier_is_read_back_or_refused(kept: bytes) -> None:
    try:
        frontier = Frontier.parse(kept)
    except ValueError:
        return
    assert Frontier.parse(bytes(frontier)).root() == frontier.root()
