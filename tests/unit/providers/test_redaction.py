import json

from hypothesis import given
from hypothesis import strategies as st

from threadkeep.providers.redaction import MAX_TEXT, redact

_KEY = "sk-0123456789"


def told(text: str, *contents: object) -> str:
    return redact(text, [{"role": "user", "content": content} for content in contents], _KEY)


def test_a_text_that_quotes_nothing_is_left_alone() -> None:
    """But for its line breaks and what can't be printed."""
    assert told("a\r\nb\tc\0d \ud83d e", "zzzz") == "a b c d e"


def test_quotes_of_the_prompt_are_left_out() -> None:
    """Whole, in part, and broken over lines."""
    prompt = "My mother's maiden name is Kowalski,\nand my cat's is Felix."
    for quote in (prompt, prompt[5:50], prompt.replace("\n", "   ")):
        assert told(f"bad: <{quote}> sorry", prompt) in ("bad: <…> sorry", "bad: <… sorry")


def test_a_short_message_is_left_out_as_a_whole() -> None:
    """A password is short; one letter is no secret."""
    assert told("bad: 'hunter2'!", "hunter2", "a") == "bad: '…'!"


def test_quotes_of_pictures_and_calls_are_left_out() -> None:
    """An address may hold a signature, arguments may hold anything; as JSON quotes them, too."""
    url = "https://example.com/a.png?signature=0123456789"
    part = {"type": "image_url", "image_url": {"url": url}}
    empty = {"type": "text", "text": ""}
    assert told(f"can't read {url}!", [empty, part]) == "can't read …!"
    arguments = '{"iban": "DE02120300000000202051", "name": "A \\" B"}'
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": arguments}}
    said = {"role": "assistant", "content": None, "tool_calls": [call]}
    for quote in (arguments, json.dumps(arguments)[1:-1]):
        assert redact(f"bad: <{quote}> sorry", [said], None) == "bad: <…> sorry"


@given(st.text(max_size=400), st.text(), st.text(min_size=24, max_size=200), st.text())
def test_no_key_and_no_long_quote_is_ever_shown(
    before: str, between: str, prompt: str, after: str
) -> None:
    """Wherever the cut to 300 characters falls."""
    shown = told(f"{before}{_KEY}{between}{prompt}{after}", prompt)
    assert len(shown) <= MAX_TEXT
    assert _KEY not in shown
    line = " ".join("".join(c if c.isprintable() else " " for c in prompt).split())
    assert not any(line[at : at + 24] in shown for at in range(len(line) - 23))
