"""Which origins there can be, and what is granted to them."""

import pytest

from threadkeep.wire import cors

APP = "https://app.example"


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        APP,
        "http://localhost:3000",
        "http://127.0.0.1",
        "http://[::1]:8080",
        "chrome-extension://abcdefghijklmnop",
        "capacitor://localhost",
        "https://" + "a" * 92,
    ],
)
def test_an_origin_as_browsers_send_it(origin: str) -> None:
    """Scheme, host and perhaps a port; or all of them."""
    assert cors.origins([origin, origin]) == (origin,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "app.example",
        "https://app.example/",
        "https://app.example/path",
        "https://App.example",
        "https://user@app.example",
        "https://app.example?x",
        "https://*.app.example",
        "https://app.example:443",
        "http://app.example:80",
        "https://app.example:",
        "https://app.example:123456",
        "https://",
        "null",
        'https://a"b',
        "https://a\n",
        "https://" + "a" * 93,
    ],
)
def test_what_no_browser_sends_is_refused(text: str) -> None:
    """It would be accepted and never match. The message shows it, and what it should be."""
    with pytest.raises(cors.OriginError, match="must be '\\*' or scheme://host") as refused:
        cors.origins([APP, text])
    assert repr(text[:90])[:-1] in str(refused.value)


def test_there_are_at_most_twenty() -> None:
    """They stand in the environment of functions, which is small."""
    texts = [f"https://app{n}.example" for n in range(cors.MOST_ORIGINS + 1)]
    assert len(cors.origins(texts[:-1])) == cors.MOST_ORIGINS == 20
    with pytest.raises(cors.OriginError, match="must be at most 20 origins, not 21"):
        cors.origins(texts)


def test_without_origins_nothing_is_said() -> None:
    """An owner who names none has answers as they always were."""
    assert cors.on_answer((), APP) == cors.on_preflight((), APP, "authorization") == {}


@pytest.mark.promise("1.19")
def test_no_answer_allows_credentials() -> None:
    """Keys come in headers, never by themselves; with `*` browsers would refuse it anyway."""
    for allowed in ([APP], ["*"]):
        for headers in (cors.on_answer(allowed, APP), cors.on_preflight(allowed, APP, None)):
            assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize("wanted", ["a" * 2001, "x\r\nset-cookie: a", "a;b", "ü", ""])
def test_odd_headers_are_not_given_back(wanted: str) -> None:
    """Nothing but names of a bounded length comes back out of a request."""
    granted = cors.on_preflight([APP], APP, wanted)
    assert granted["access-control-allow-origin"] == APP
    assert "access-control-allow-headers" not in granted
