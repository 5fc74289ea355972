"""Reads a JSON Web Key Set (RFC 7517): of the keys that an issuer publishes, those that tokens can be checked with.

What a key is for is said by its type, and by `alg` where it is there: RSA is RS256, P-256 is ES256, Ed25519 is EdDSA.
The others are skipped: symmetric and private ones, which are no secret if they are published; for encryption; RSA of
fewer bits than RFC 7518 demands, or of so many that checking takes long; and what is no valid key.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from jwt import PyJWK

from donebase.accounts.json_object import decode_object

MAX_KEYS = 100
"""How many keys of a set are read: issuers have a few."""
MAX_ATTEMPTS = 5
"""How many keys are tried for a token that names none."""
RSA_BITS = range(2048, 8193)
_ALGORITHMS = {("RSA", None): "RS256", ("EC", "P-256"): "ES256", ("OKP", "Ed25519"): "EdDSA"}
ALGORITHMS = frozenset(_ALGORITHMS.values())
_NOT_PUBLIC = frozenset(("d", "k"))


class PublicKeys:
    """The usable keys of a set, by their `kid`."""

    def __init__(self, keys: Sequence[PyJWK]) -> None:
        self._keys = keys
        self._by_id: dict[str, list[PyJWK]] = {}
        for key in keys:
            if key.key_id is not None:
                self._by_id.setdefault(key.key_id, []).append(key)

    def __len__(self) -> int:
        return len(self._keys)

    def named(self, key_id: str | None) -> Sequence[PyJWK]:
        """Return the keys with this `kid`, of which a set may have one for each algorithm; for None all keys."""
        return self._keys if key_id is None else self._by_id.get(key_id, ())


def read_public_keys(document: bytes) -> PublicKeys:
    """Return the usable keys of a document. Raises ValueError for what is no JSON object with an array `keys`."""
    keys = decode_object(document).get("keys")
    if not isinstance(keys, list):
        raise ValueError("it has no array of keys")
    return PublicKeys([key for entry in islice(keys, MAX_KEYS) if (key := _usable(entry))])


def _usable(entry: Any) -> PyJWK | None:
    if not isinstance(entry, dict):
        return None
    members = {name: value for name, value in entry.items() if value is not None}
    algorithm = _algorithm(members)
    if algorithm is None or members.keys() & _NOT_PUBLIC or not _is_for_signatures(members):
        return None
    try:
        key = PyJWK(members, algorithm)
    except Exception:  # of PyJWT, or of cryptography as it comes: whatever it is, the other keys stay usable
        return None
    return None if algorithm == "RS256" and key.key.key_size not in RSA_BITS else key


def _algorithm(members: dict[str, Any]) -> str | None:
    key_type = members.get("kty")
    curve = None if key_type == "RSA" else members.get("crv")
    for (known_type, known_curve), algorithm in _ALGORITHMS.items():
        if (key_type, curve) == (known_type, known_curve) and members.get("alg", algorithm) == algorithm:
            return algorithm
    return None


def _is_for_signatures(members: dict[str, Any]) -> bool:
    operations = members.get("key_ops", ["verify"])
    return (
        members.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
        and isinstance(members.get("kid", ""), str)
    )
