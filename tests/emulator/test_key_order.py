"""Keys as bytes: their order is the order of the keys, whatever the numbers and texts."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.aws.dynamodb.values import canonical, key_bytes, size

numbers = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    st.integers(-(10**38) + 1, 10**38 - 1) | st.integers(-1_000, 1_000),
    st.integers(-40, 40) | st.integers(-92, 87),
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


def number_key(number: Decimal) -> bytes:
    return key_bytes(canonical({"N": str(number)}))


@settings(deadline=None)
@given(numbers, numbers, st.integers(-20, 20))
def test_numbers(left: Decimal, right: Decimal, near: int) -> None:
    """Less, equal and greater are the same for numbers and their bytes, also for neighbours."""
    for other in (right, -left, left + near, left * 10):
        if other == 0 or (len(other.as_tuple().digits) <= 38 and other.adjusted() < 126):
            assert (left < other) == (number_key(left) < number_key(other))
            assert (left == other) == (number_key(left) == number_key(other))


@settings(deadline=None)
@given(numbers)
def test_numbers_keep_their_value(number: Decimal) -> None:
    """The one form that a number has is written out, and is the same number."""
    text = canonical({"N": str(number)})["N"]
    assert Decimal(text) == number
    assert canonical({"N": text}) == {"N": text}
    assert 1 <= size({"N": text}) <= 22


@settings(deadline=None)
@given(texts, texts)
def test_texts(left: str, right: str) -> None:
    """Texts have the order of their UTF-8 bytes, and one that begins another comes first."""
    for other in (right, left + right):
        keys = [key_bytes(canonical({"S": text})) for text in (left, other)]
        assert (left < other) == (keys[0] < keys[1])
