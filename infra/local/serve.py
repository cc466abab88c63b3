"""`threadkeep serve`: the whole system in this process, until Ctrl-C or SIGTERM.

The end is orderly and short: requests get a second, files are closed, a temporary folder goes. A
model call that is still under way is cut off by the exit; its run goes on at the next start.
"""

import asyncio
import logging
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Mapping
from typing import NoReturn

from infra.command_error import CommandError
from infra.local.aws.gateway import Gateway
from infra.local.console import set_up_logging
from infra.local.http.descriptors import connections
from infra.local.http.http_server import http_server, listen, reason, url
from infra.local.http.limits import Limits
from infra.local.http.openapi import with_document
from infra.local.server import Local
from infra.local.settings import DEFAULT_PROJECT, ServeSettings
from infra.local.state import State
from infra.local.welcome import Keys, welcome
from threadkeep.domain.clock import SystemClock
from threadkeep.providers.catalogue import Catalogue, CatalogueError

_TO_CLOSE = 0.3  # seconds for what must not hold up the end


def serve(settings: ServeSettings, version: str) -> NoReturn:
    """Serve until a signal, then exit with 0. CommandError if it can't begin."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # until the server listens to it
    os.umask(0o077)  # nobody else reads what this process writes
    catalogue = _catalogue(settings)
    with State(settings.state) as state, listen(settings.host, settings.port) as sock:
        keys = _keys(state, settings)
        local = _local(state, catalogue, settings, keys.projects)
        limits = Limits(connections=connections())
        gateway = Gateway(local.invoke, SystemClock(), limits=limits)
        server = http_server(with_document(gateway.admit), limits, settings.cors_origins)
        # uvicorn raises the signal again after its shutdown: then, too, it must find these.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: setattr(server, "should_exit", True))
        set_up_logging(sys.stdout)
        local.start()
        base_url = url(settings.host, sock.getsockname()[1])
        sys.stdout.write(welcome(version, base_url, keys, settings, catalogue))
        sys.stdout.flush()
        asyncio.run(server.serve(sockets=[sock]))
        _fall_silent()
        _in_time(local.stop)
    _in_time(sys.stdout.flush)
    os._exit(0)  # an ordinary exit would wait for threads that wait for a model


def _keys(state: State, settings: ServeSettings) -> Keys:
    """The keys that were given, or the folder's own."""
    if settings.api_keys:
        return Keys(settings.api_keys)
    key, made = state.api_key()
    return Keys({key: DEFAULT_PROJECT}, file=state.key_file, made=made)


def _catalogue(settings: ServeSettings) -> Catalogue:
    if settings.models is None:
        return Catalogue.echo()
    try:
        return Catalogue.load(settings.models)
    except CatalogueError as error:
        raise CommandError(str(error)) from None


def _local(
    state: State, catalogue: Catalogue, settings: ServeSettings, keys: Mapping[str, str]
) -> Local:
    try:
        local = Local(
            state.path,
            catalogue,
            settings.run_seconds,
            poll_after_ms=settings.poll_after_ms,
            strict_beta=settings.strict_beta,
            unavailable_tools=settings.unavailable_tools,
            durable=settings.durable,
        )
        local.set_keys(keys)
    except (OSError, sqlite3.Error) as error:
        raise CommandError(f"Can't use the data in {state.path}: {reason(error)}.") from None
    return local


def _fall_silent() -> None:
    """What is cut off from here on finds closed files: no news, it goes on at the next start."""
    logging.disable()
    threading.excepthook = lambda _: None


def _in_time(close: Callable[[], object]) -> None:
    """Give it a moment: nothing may hold up the end."""
    closing = threading.Thread(target=close, daemon=True)
    closing.start()
    closing.join(_TO_CLOSE)
