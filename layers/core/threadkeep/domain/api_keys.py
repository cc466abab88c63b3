"""API keys: only a key's hash is ever stored, and only its mask ever shown."""

import hashlib
import re

_SHORTEST_SHOWN = 16
# API Gateway puts the mask into a JSON body as it stands.
_UNSAFE = re.compile(r"[^0-9A-Za-z_-]")


def hash_key(key: str) -> str:
    """What a key is stored and found by."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


def mask_key(key: str) -> str:
    """Enough of a key for its owner to recognise it: `sk-th****abcd`. Of a short one nothing."""
    if len(key) < _SHORTEST_SHOWN:
        return "****" if key else ""
    shown = _UNSAFE.sub("*", key)
    return f"{shown[:5]}****{shown[-4:]}"
