"""The provider `openai`: any server that speaks OpenAI Chat Completions, over plain http.client."""

import http.client
import logging
import socket
import ssl
from collections.abc import Collection, Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import SplitResult, urlsplit

from threadkeep.providers import faults
from threadkeep.providers.chat_completions import read_chunks
from threadkeep.providers.chat_request import messages, request_body, sampling
from threadkeep.providers.connection import CannotConnect, StoppableConnection
from threadkeep.providers.dialect import Dialect
from threadkeep.providers.faults import Fault
from threadkeep.providers.port import ChatRequest, Chunk, Failed
from threadkeep.providers.redaction import redact
from threadkeep.providers.retry_after import retry_after

_LOG = logging.getLogger("threadkeep.runs")
_HTTP = 80
_HTTPS = 443
_OK = 200
_PATH = "/chat/completions"
_PLAIN = "identity"
_PIECE = 64 * 1024
_MAX_ERROR = 64 * 1024
_MOST_REMEMBERED = 1_000  # an entry may lead to many models
_NO_STREAM = ("application/json", "text/html")


@dataclass(frozen=True)
class OpenAIChat:
    """A model server. A ValueError says, without the key, why there can't be one like this."""

    base_url: str
    api_key: str | None = field(default=None, repr=False)
    dialect: Dialect = field(default_factory=Dialect)
    connect_timeout: float = 10.0
    read_timeout: float = 600.0
    _refused: set[tuple[str, str]] = field(
        default_factory=set, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        _check_url(self.base_url)
        if self.api_key is not None and not _is_token(self.api_key):
            raise ValueError("the API key is empty or has characters that no header can carry")

    def start(self, request: ChatRequest) -> "OpenAIChatCall":
        return OpenAIChatCall(self, request)

    def refused_by(self, model: str) -> set[str]:
        """The sampling parameters that the model is known not to take."""
        return {name for refusing, name in tuple(self._refused) if refusing == model}

    def remember(self, model: str, names: Iterable[str]) -> None:
        """The model takes none of these: later turns do not ask in vain.

        Two turns may learn it at the same time, and add the same. What is not remembered, because
        there is too much, is refused again.
        """
        if len(self._refused) < _MOST_REMEMBERED:
            self._refused.update((model, name) for name in names)

    @cached_property
    def tls(self) -> ssl.SSLContext | None:
        """Made for the first call that needs it: reading the certificates takes a while."""
        return ssl.create_default_context() if self.url.scheme == "https" else None

    @cached_property
    def url(self) -> SplitResult:
        return urlsplit(self.base_url.rstrip("/"))


class OpenAIChatCall:
    """A turn under way, on a connection of its own.

    `stop` races with everything the reader does; the connection's lock decides. Once it was called
    nothing more is sent, no chunk is given out, and any error the reader meets is the stop itself.
    """

    def __init__(self, server: OpenAIChat, request: ChatRequest) -> None:
        self._server = server
        self._request = request
        self._connection = StoppableConnection(server.connect_timeout, server.read_timeout)

    def stop(self) -> None:
        self._connection.stop()

    def __iter__(self) -> Generator[Chunk]:
        """The turn's chunks. A sampling parameter that is refused by name is left out, once each:
        a new model need not take what an old assistant sets.
        """
        without = self._server.refused_by(self._request.model)
        left = set(sampling(self._request, self._server.dialect)) - without
        begun = False
        while True:
            try:
                with closing(self._attempt(without)) as chunks:
                    for chunk in chunks:
                        if self._connection.stopped:
                            return
                        begun = True
                        yield chunk
            except Fault as fault:
                refused = set() if begun else fault.refuses(left)
                if self._connection.stopped:
                    return
                if not refused:
                    yield self._failed(fault, begun=begun)
                    return
                self._log(refused)
                if fault.refuses_every_value:
                    self._server.remember(self._request.model, refused)
                left -= refused
                without |= refused
            else:
                return

    def _log(self, refused: set[str]) -> None:
        _LOG.warning(
            "the model %s refuses %s: asked again without it; `sampling = false` in its entry of"
            " models.toml spares that",
            self._request.model,
            " and ".join(sorted(refused)),
        )

    def _failed(self, fault: Fault, *, begun: bool) -> Failed:
        """What has begun to speak is not asked again: it would say something else."""
        detail = redact(fault.detail, messages(self._request), self._server.api_key)
        message = f"{fault.summary}: {detail}" if detail else f"{fault.summary}."
        if begun:
            return Failed(fault.code, message)
        return Failed(fault.code, message, fault.passing, fault.retry_after)

    def _attempt(self, without: Collection[str]) -> Generator[Chunk]:
        """Ask once. What goes wrong with the server, or on the way to it, is a `Fault`."""
        url, tls = self._server.url, self._server.tls
        port = url.port or (_HTTPS if tls else _HTTP)
        host = url.hostname or ""
        with (
            _faults_of_the_network(),
            self._connection.open(host, port, tls) as sock,
            closing(http.client.HTTPConnection(host, port)) as exchange,
        ):
            exchange.auto_open = False
            exchange.sock = sock
            with suppress(BrokenPipeError):  # refused before it was all read: the answer says why
                exchange.request("POST", f"{url.path}{_PATH}", self._body(without), self._headers())
            with closing(exchange.getresponse()) as response:
                self._expect_a_stream(response, sock)
                yield from read_chunks(_pieces(response))

    def _body(self, without: Collection[str]) -> bytes:
        return request_body(self._request, self._server.dialect, without)

    def _headers(self) -> dict[str, str]:
        headers = {
            "Host": self._server.url.netloc,
            "User-Agent": "threadkeep",
            "Accept": "text/event-stream",
            "Content-Type": "application/json",
        }
        if self._server.api_key:
            headers["Authorization"] = f"Bearer {self._server.api_key}"
        return headers

    def _expect_a_stream(self, response: http.client.HTTPResponse, sock: socket.socket) -> None:
        """Anything else than a stream is a fault, known within the time of a connect."""
        content_type = response.headers.get_content_type()
        if response.status == _OK and content_type not in _NO_STREAM:
            encoding = response.headers.get("Content-Encoding", _PLAIN)
            if encoding.strip().lower() not in ("", _PLAIN):
                raise Fault("The model server answered in an encoding nobody asked for", encoding)
            return
        sock.settimeout(self._server.connect_timeout)
        body = _start_of_body(response)
        if response.status == _OK:
            raise faults.of_body(content_type, body)
        raise faults.of_status(response.status, body, retry_after(response.headers))


def _pieces(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """The body as it comes; IncompleteRead if it ends before its length or its last chunk."""
    while piece := response.read1(_PIECE):
        yield piece
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)


def _start_of_body(response: http.client.HTTPResponse) -> bytes:
    """As much of the body as a message needs, and as much of that as comes."""
    body = b""
    with suppress(OSError, http.client.HTTPException):
        for piece in _pieces(response):
            body += piece
            if len(body) >= _MAX_ERROR:
                break
    return body


@contextmanager
def _faults_of_the_network() -> Iterator[None]:
    try:
        yield
    except CannotConnect as error:
        passing = not isinstance(error.__cause__, ssl.SSLCertVerificationError)
        raise Fault("The model server can't be reached", str(error), passing=passing) from None
    except TimeoutError:
        raise Fault("The model server kept silent for too long", passing=True) from None
    except (OSError, http.client.IncompleteRead):
        raise Fault("The model server broke off the connection", passing=True) from None
    except http.client.HTTPException:
        raise Fault("The model server did not answer in HTTP") from None


def _check_url(base_url: str) -> None:
    if not _is_token(base_url):
        raise ValueError("base_url has spaces or characters that no URL can carry")
    try:
        url = urlsplit(base_url)
        port, host = url.port, (url.hostname or "").encode("idna")
    except ValueError:
        raise ValueError("base_url has a host or port that can't be") from None
    if url.scheme not in ("http", "https") or not host or port == 0:
        raise ValueError("base_url must be a URL such as http://127.0.0.1:9000/v1")
    if "@" in url.netloc or "?" in base_url or "#" in base_url:
        raise ValueError("base_url takes no user name, query or fragment")


def _is_token(value: str) -> bool:
    """Whether a header can carry it in one piece."""
    return value.isascii() and value.isprintable() and value != "" and " " not in value
