from collections.abc import Mapping
from pathlib import Path

import pytest
from botocore.session import Session
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.providers.turns import request
from threadkeep.providers.catalogue import Catalogue, CatalogueError, Entry
from threadkeep.providers.dialect import Dialect
from threadkeep.providers.echo import Echo
from threadkeep.providers.entry_settings import EVERY
from threadkeep.providers.openai_chat import OpenAIChat
from threadkeep.providers.port import Failed
from threadkeep.providers.registry import PROVIDERS, Means

_KEYS = (*EVERY, *PROVIDERS["openai"].settings)
_ALL = Dialect(
    ask_for_usage=False,
    token_limit="max_tokens",
    sampling=False,
    merge_turns=True,
    empty_content="",
)
_GOOD = """
[[model]]
match = "gpt-4*"
provider = "openai"
base_url = "http://127.0.0.1:9000/v1"
model = "gpt-oss-120b"
api_key = "env:NAME"

[[model]]
match = "my-model"
provider = "openai"
base_url = "https://example.com/v1"
usage = false

[[model]]
match = "gpt-*"
provider = "echo"
"""


def means(environment: Mapping[str, str], *, require_key: bool = True) -> Means:
    return Means(environment, Session, require_key)


def parse(text: str, **environment: str) -> Catalogue:
    return Catalogue.parse(text, "models.toml", means(environment))


def refused(text: str, environment: Mapping[str, str] | None = None) -> str:
    with pytest.raises(CatalogueError) as caught:
        Catalogue.parse(text, "models.toml", means(environment or {}))
    message = str(caught.value)
    assert message.startswith("models.toml: ")
    assert "\n" not in message
    return message


def entry(**changes: str) -> str:
    """A good entry with some lines changed (TOML values), or left out ("")."""
    lines = {"match": '"*"', "provider": '"openai"', "base_url": '"http://host/v1"', **changes}
    return "[[model]]\n" + "\n".join(f"{key} = {value}" for key, value in lines.items() if value)


def test_the_first_match_wins() -> None:
    """An entry is found by its pattern, in the order of the file."""
    catalogue = parse(_GOOD, NAME="sk-1")
    first = catalogue.resolve("gpt-4o")
    assert first is not None
    assert first.provider == OpenAIChat("http://127.0.0.1:9000/v1", "sk-1")
    assert first.model == "gpt-oss-120b"
    third = catalogue.resolve("gpt-3.5-turbo")
    assert third is not None
    assert third.provider == Echo()


def test_a_name_that_nothing_matches_leads_nowhere() -> None:
    """Capitals count, and a pattern covers the whole name."""
    catalogue = parse(_GOOD, NAME="sk-1")
    assert [catalogue.resolve(name) for name in ("GPT-4o", "my-model-2", "a gpt-4", "")] == [
        None
    ] * 4


def test_without_a_model_the_provider_is_told_the_name_that_was_asked_for() -> None:
    """And without a key it gets none; `usage = false` reaches it."""
    found = parse(_GOOD, NAME="sk-1").resolve("my-model")
    assert found is not None
    assert found.model == "my-model"
    assert found.provider == OpenAIChat(
        "https://example.com/v1", None, dialect=Dialect(ask_for_usage=False)
    )


def test_limits_of_the_model_reach_the_entry() -> None:
    """Of any provider; without them there are defaults."""
    text = entry(context_window="8192", max_turns="3", token_limit='"max_tokens"')
    found = parse(text).resolve("x")
    assert found is not None
    assert (found.context_window, found.max_turns) == (8192, 3)
    assert found.provider == OpenAIChat("http://host/v1", dialect=Dialect(token_limit="max_tokens"))
    plain = parse(_GOOD, NAME="sk-1").resolve("gpt-4o")
    assert plain is not None
    assert (plain.context_window, plain.max_turns) == (128_000, 50)
    assert isinstance(plain.provider, OpenAIChat)
    assert plain.provider.dialect.token_limit == "max_completion_tokens"
    echo = parse('[[model]]\nmatch = "*"\nprovider = "echo"\nmax_turns = 1').resolve("x")
    assert echo == Entry(Echo(), "x", max_turns=1)


def test_names_are_those_spelt_out_and_the_known_ones_that_lead_somewhere() -> None:
    """GET /models shows what the owner named, and the names that apps out there use."""
    names = parse(_GOOD, NAME="sk-1").names()
    assert names[0] == "my-model"
    assert {"gpt-4o", "gpt-4-turbo", "gpt-3.5-turbo"} <= set(names)
    assert not {"gpt-4*", "gpt-*", "o1"} & set(names)
    assert len(names) == len(set(names))
    assert parse(entry(match='"gpt-4o"')).names() == ["gpt-4o"]


def test_the_echo_answers_to_every_name() -> None:
    """For first use."""
    found = Catalogue.echo().resolve("whatever")
    assert found is not None
    assert found.provider == Echo()
    assert found.model == "whatever"
    assert "gpt-4o" in Catalogue.echo().names()


def test_an_empty_catalogue_leads_nowhere() -> None:
    """It is the owner's to fill."""
    assert parse("").resolve("gpt-4o") is None
    assert parse("# nothing\n").names() == []


def test_the_file_of_this_repository_can_be_read_and_so_can_its_examples() -> None:
    """As it is, and with every example in it taken out of its comment."""
    path = Path(__file__).parents[3] / "models.toml"
    assert Catalogue.load(path).names() == []
    lines = path.read_text().splitlines()
    marks = (
        "# [[",
        *(f"# {key} =" for key in _KEYS),
    )
    examples = "\n".join(line.removeprefix("# ") for line in lines if line.startswith(marks))
    catalogue = parse(examples, MODEL_API_KEY="k", BEDROCK_API_KEY="k")
    example = catalogue.resolve("gpt-4o")
    assert example != catalogue.resolve("o1")
    assert example == Entry(
        OpenAIChat("http://127.0.0.1:9000/v1", "k", dialect=_ALL),
        "gpt-oss-120b",
    )


@pytest.mark.parametrize("prefix", [b"", b"\xef\xbb\xbf"])
def test_a_file_may_come_from_any_editor(tmp_path: Path, prefix: bytes) -> None:
    """With or without a byte order mark, with any line ends."""
    file = tmp_path / "models.toml"
    file.write_bytes(prefix + entry().replace("\n", "\r\n").encode())
    assert Catalogue.load(file).resolve("x")


def test_a_file_that_cant_be_read_is_one_line(tmp_path: Path) -> None:
    """Not there, a folder, not text."""
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "missing.toml", tmp_path, binary):
        with pytest.raises(CatalogueError) as caught:
            Catalogue.load(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[[model]]\nmatch = gpt", 2),
        ("[[model]]\n\nmatch = 'a\n", 3),
        ('[[model]]\nmatch = "a"\nmatch = "b"\n', 3),
        ("[[model]]\nmatch = ", 2),
        ("[[model]]\nmatch = [1,\n2,\n", 3),
        ("[[model", 1),
    ],
)
def test_what_is_no_toml_is_refused_with_its_line(text: str, line: int) -> None:
    """Whoever edits the file finds the place."""
    assert f"line {line}: " in refused(text)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("model = 1", "[[model]]"),
        ("[model]\nmatch = 'a'", "[[model]]"),
        ("model = ['a']", "[[model]]"),
        ("[[models]]\nmatch = 'a'", "'models' is not known"),
        (entry(provider=""), 'provider must be "echo" or "openai"'),
        (entry(provider='"opnai"'), 'provider must be "echo" or "openai"'),
        (entry(provider="1"), 'provider must be "echo" or "openai"'),
        (entry(match=""), "match is missing"),
        (entry(match='""'), "match must be a text in quotes"),
        (entry(match="7"), "match must be a text in quotes"),
        (entry(model="true"), "model must be a text in quotes"),
        (entry(base_url=""), "base_url is missing"),
        (entry(base_url='"host/v1"'), "base_url must be a URL"),
        (entry(usage='"no"'), "usage must be true or false"),
        (entry(usage="0"), "usage must be true or false"),
        (entry(context_window="0"), "context_window must be a whole number above 0"),
        (entry(context_window='"8192"'), "context_window must be a whole number above 0"),
        (entry(max_turns="-1"), "max_turns must be a whole number above 0"),
        (entry(max_turns="1.5"), "max_turns must be a whole number above 0"),
        (entry(max_turns="true"), "max_turns must be a whole number above 0"),
        (
            entry(token_limit='"tokens"'),
            'token_limit must be "max_completion_tokens" or "max_tokens"',
        ),
        (entry(token_limit="5"), 'token_limit must be "max_completion_tokens" or "max_tokens"'),
        (entry(token_limit="[]"), 'token_limit must be "max_completion_tokens" or "max_tokens"'),
        (
            '[[model]]\nmatch = "*"\nprovider = "echo"\ntoken_limit = "max_tokens"',
            "'token_limit' is not known",
        ),
        (entry(basurl='"x"'), "'basurl' is not known"),
        (entry(**{'"a\\nb"': "1"}), "is not known"),
        (entry(provider='"echo"'), "'base_url' is not known"),
        (entry(api_key='"ssm:/keys/model"'), '"ssm:…" is not supported yet'),
        (entry(api_key='"secret:model"'), '"secret:…" is not supported yet'),
        (entry(api_key='"env:NOT_SET"'), "environment variable NOT_SET"),
        (entry(api_key='"env:BLANK"'), "environment variable BLANK"),
        (entry(api_key="1"), "api_key must be a text in quotes"),
    ],
)
def test_what_makes_no_sense_is_refused_and_says_what_to_do(text: str, what: str) -> None:
    """One line; where there are entries, with the number of the entry."""
    message = refused(text, {"BLANK": "  "})
    assert what in message
    if "[[model]]\n" in text:
        assert "entry 1" in message


def test_the_entry_is_named_by_number_and_pattern() -> None:
    """The second entry is wrong, not the first."""
    message = refused(entry() + "\n" + entry(match='"o1*"', usage="1"))
    assert message == "models.toml: entry 2 (match = 'o1*'): usage must be true or false."


@pytest.mark.parametrize(
    "reference", ["sk-canary", "env:sk-canary", "SM:sk-canary", "env: sk-canary"]
)
def test_a_key_in_the_file_is_refused_and_not_shown(reference: str) -> None:
    """The file names keys, it does not hold them."""
    message = refused(entry(api_key=f'"{reference}"'))
    assert "sk-canary" not in message
    assert '"env:NAME"' in message


def test_a_key_that_no_header_can_carry_is_refused_and_not_shown() -> None:
    """A line break around it is forgiven: keys come out of files."""
    text = entry(api_key='"env:KEY"')
    assert "sk-canary" not in refused(text, {"KEY": "sk-canary 1\nX: y"})
    found = parse(text, KEY=" sk-canary\n").resolve("x")
    assert found is not None
    assert found.provider == OpenAIChat("http://host/v1", "sk-canary")
    assert "sk-canary" not in repr(found)


def test_the_key_is_read_when_the_catalogue_is_loaded() -> None:
    """What the environment says later changes nothing."""
    environment = {"KEY": "before"}
    catalogue = Catalogue.parse(entry(api_key='"env:KEY"'), "models.toml", means(environment))
    environment["KEY"] = "after"
    found = catalogue.resolve("x")
    assert found is not None
    assert found.provider == OpenAIChat("http://host/v1", "before")


def test_where_only_names_are_resolved_a_key_may_be_missing() -> None:
    """The entry is there; a call fails and names the variable, nothing else is forgiven."""
    text = entry(match='"gpt-4*"', model='"m"', api_key='"env:KEY"', max_turns="3")
    for environment in ({}, {"KEY": " \n"}):
        lenient = Catalogue.parse(text, "models.toml", means(environment, require_key=False))
        found = lenient.resolve("gpt-4o")
        assert found is not None
        assert (found.model, found.max_turns) == ("m", 3)
        message = (
            "The environment variable KEY with the key of the models 'gpt-4*' "
            "is not set where runs are executed."
        )
        assert list(found.provider.start(request())) == [Failed("server_error", message)]
        stopped = found.provider.start(request())
        stopped.stop()
        assert list(stopped) == []
    with_key = Catalogue.parse(text, "models.toml", means({"KEY": "sk-1"}, require_key=False))
    assert with_key.resolve("gpt-4o") == parse(text, KEY="sk-1").resolve("gpt-4o")
    for wrong in (entry(api_key='"sk-1"'), entry(api_key='"env:KEY"', base_url='"host"')):
        with pytest.raises(CatalogueError):
            Catalogue.parse(wrong, "models.toml", means({}, require_key=False))


def test_a_file_without_its_keys_can_be_loaded_for_its_names(tmp_path: Path) -> None:
    """`load` takes the same choice."""
    file = tmp_path / "models.toml"
    file.write_text(entry(api_key='"env:KEY"'))
    assert Catalogue.load(file, means({}, require_key=False)).resolve("x")
    with pytest.raises(CatalogueError, match="KEY"):
        Catalogue.load(file, means({}))


_VALUE = st.sampled_from(['"x"', "true", "1", "[]", "{}", '"env:A"', '"openai"', '"echo"', "1.5"])


@given(
    st.text()
    | st.dictionaries(st.sampled_from([*_KEYS, "x"]), _VALUE).map(
        lambda lines: "[[model]]\n" + "\n".join(f"{k} = {v}" for k, v in lines.items())
    )
)
def test_any_text_is_a_catalogue_or_one_clear_line(text: str) -> None:
    """Never another exception."""
    complaint = "models.toml: fine"
    try:
        parse(text).resolve("x")
    except CatalogueError as error:
        complaint = str(error)
    assert complaint.startswith("models.toml: ")
    assert len(complaint.splitlines()) == 1
