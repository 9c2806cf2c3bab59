"""Merkle logs (RFC 6962): hashes, the frontier that grows, proofs and their verification."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

Node = tuple[int, int]
"""A complete subtree: its level (0: a leaf) and its number among those of that level, from 0."""

Range = tuple[int, int]
"""The leaves of a subtree, complete or not: the first, and the one after the last, from 0."""

EMPTY = sha256().digest()
"""The root of a log without leaves."""

SIZE = 32
"""Bytes in a hash."""


class BadProof(Exception):
    """A proof does not prove what it should."""


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf's bytes."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node from those of its two children."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A log as far as its growth needs it: how many leaves, and the complete subtrees' hashes."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        """Begin with `size` leaves and the hashes of its largest complete subtrees, left first."""
        self.size = size
        self.hashes = list(hashes)
        if len(self.hashes) != size.bit_count():
            raise ValueError(f"{size} leaves do not have {len(self.hashes)} complete subtrees")

    @classmethod
    def parse(cls, kept: bytes) -> Frontier:
        """Read what `bytes()` of a frontier wrote; nothing stands for an empty log.

        Raises `ValueError` for anything else.
        """
        hashes = (kept[at : at + SIZE] for at in range(8, len(kept), SIZE))
        return cls(int.from_bytes(kept[:8]), hashes)

    def __bytes__(self) -> bytes:
        """Return the size in 8 bytes, big-endian, then the hashes."""
        return self.size.to_bytes(8) + b"".join(self.hashes)

    def extend(self, leaves: Iterable[bytes]) -> bytes:
        """Append leaves, given by their hashes; return the hashes of what became complete.

        These are each leaf and, behind the leaf that completes them, the subtrees from small to
        large. All that a log ever completed, one after the other, stands where `place` says.
        """
        stack, size, completed = self.hashes, self.size, []
        for leaf in leaves:
            completed.append(leaf)
            here, rest = leaf, size
            while rest & 1:
                here = sha256(b"\x01" + stack.pop() + here).digest()
                completed.append(here)
                rest >>= 1
            stack.append(here)
            size += 1
        self.size = size
        return b"".join(completed)

    def root(self) -> bytes:
        """Return the root of the log."""
        return joined(self.hashes)


def joined(hashes: Sequence[bytes]) -> bytes:
    """Return the root over complete subtrees that stand side by side, the largest first."""
    if not hashes:
        return EMPTY
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def completed(size: int) -> int:
    """Return how many complete subtrees, leaves among them, a log of that size has."""
    return 2 * size - size.bit_count()


def last_leaf(node: Node) -> int:
    """Return the number of the leaf that completes a subtree."""
    level, number = node
    return ((number + 1) << level) - 1


def place(node: Node) -> int:
    """Return where a subtree stands among all, in the order in which they become complete."""
    return completed(last_leaf(node)) + node[0]


def parts(leaves: Range) -> list[Node]:
    """Return the complete subtrees that make up a subtree which may reach the end of its log."""
    first, end = leaves
    found = []
    while first < end:
        level = (end - first).bit_length() - 1
        found.append((level, first >> level))
        first += 1 << level
    return found


def inclusion_path(index: int, size: int) -> list[Range]:
    """Return the subtrees that prove a leaf to be in a log of some size, nearest first.

    Raises `ValueError` when it cannot be.
    """
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not among {size}")
    return list(_siblings(index, 0, size))[::-1]


def _siblings(index: int, first: int, end: int) -> Iterator[Range]:
    """Yield what stands beside the way from the root down to a leaf."""
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            yield middle, end
            end = middle
        else:
            yield first, middle
            first = middle


def consistency_path(old: int, size: int) -> list[Range]:
    """Return the subtrees that prove a log to be the beginning of a larger one, RFC 6962's order.

    Raises `ValueError` when it cannot be.
    """
    if not 0 <= old <= size:
        raise ValueError(f"a log of {old} is not the beginning of one of {size}")
    if old in (0, size):
        return []
    found: list[Range] = []
    first, end, whole = 0, size, True
    while end != old:
        middle = first + _split(end - first)
        if old <= middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((first, middle))
            first, whole = middle, False
    return ([] if whole else [(first, end)]) + found[::-1]


def _split(size: int) -> int:
    """Return the largest power of two below a size of two or more."""
    return 1 << ((size - 1).bit_length() - 1)


def needed(path: Iterable[Range]) -> set[Node]:
    """Return the complete subtrees whose hashes a path is made from."""
    return {node for leaves in path for node in parts(leaves)}


def resolved(path: Iterable[Range], hashes: Mapping[Node, bytes]) -> list[bytes]:
    """Return the hashes of a path, from those of the complete subtrees that it needs."""
    return [joined([hashes[node] for node in parts(leaves)]) for leaves in path]


def root_by_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """Return the root of a log of which a leaf's hash is proved to be a part (RFC 9162, 2.1.3.2).

    Raises `BadProof` when the proof does not have the length that it must have.
    """
    if not 0 <= index < size:
        raise BadProof(f"Leaf {index} is not among {size}.")
    at, last, root = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise BadProof("The proof is too long.")
        if at & 1 or at == last:
            root = node_hash(sibling, root)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        at, last = at >> 1, last >> 1
    if last:
        raise BadProof("The proof is too short.")
    return root


def check_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that a leaf's hash is in a log with this size and root. Raises `BadProof`."""
    if root_by_inclusion(leaf, index, size, proof) != root:
        raise BadProof("The proof leads to another root.")


def check_consistency(
    old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that a log is the beginning of another one (RFC 9162, 2.1.4.2). Raises `BadProof`."""
    if not 0 <= old <= size:
        raise BadProof(f"A log of {old} is not the beginning of one of {size}.")
    if old in (0, size):
        if proof or old_root != (root if old else EMPTY):
            raise BadProof("The proof leads to another root.")
        return
    hashes = list(proof)
    if old.bit_count() == 1:
        hashes.insert(0, old_root)
    if not hashes:
        raise BadProof("The proof is too short.")
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = hashes[0]
    for each in hashes[1:]:
        if last == 0:
            raise BadProof("The proof is too long.")
        if at & 1 or at == last:
            before, after = node_hash(each, before), node_hash(each, after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, each)
        at, last = at >> 1, last >> 1
    if last:
        raise BadProof("The proof is too short.")
    if before != old_root or after != root:
        raise BadProof("The proof leads to another root.")
