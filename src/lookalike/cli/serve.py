"""`lookalike serve`: the library over HTTP."""

from __future__ import annotations

from typing import Annotated

import typer

from lookalike.cli.fetching import fetch_policy
from lookalike.cli.options import (
    AllowHostOption,
    AllowPrivateOption,
    DeviceOption,
    LibraryOption,
    PrecisionOption,
    RuntimeOption,
)
from lookalike.cli.output import say


def serve(
    library: LibraryOption = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8765,
    api_key: Annotated[
        list[str] | None,
        typer.Option(
            help="A key that clients send: SECRET, or read:SECRET, which may not write. "
            "Better set as LOOKALIKE_SERVE_API_KEY than typed."
        ),
    ] = None,
    host_name: Annotated[
        list[str] | None, typer.Option(help="A name by which clients call this service.")
    ] = None,
    max_mb: Annotated[int, typer.Option(min=1, max=500, help="Megabytes of a request.")] = 20,
    rate: Annotated[
        int, typer.Option(min=0, help="Requests a minute of one key or address; 0: any number.")
    ] = 0,
    allow_host: AllowHostOption = None,
    allow_private: AllowPrivateOption = False,
    runtime: RuntimeOption = "auto",
    precision: PrecisionOption = "auto",
    device: DeviceOption = "auto",
) -> None:
    """Answer over HTTP: search, images, thumbnails, spaces. Ctrl-C stops it.

    Listens on this machine alone unless --host says otherwise, which takes a key.
    """
    import lookalike
    from lookalike.api.app import create_app
    from lookalike.api.keys import parse_key
    from lookalike.api.metrics import Metrics
    from lookalike.api.server import bound, run_server
    from lookalike.api.service import Service
    from lookalike.api.settings import ServeSettings
    from lookalike.images.limits import Limits
    from lookalike.web import page

    settings = ServeSettings(
        host=host,
        port=port,
        keys=tuple(map(parse_key, api_key or [])),
        names=tuple(host_name or []),
        body=max_mb * 10**6,
        rate=rate,
    )
    metrics = Metrics()
    with (
        bound(settings) as socket,
        lookalike.open(
            library,
            create=False,
            runtime=runtime,
            precision=precision,
            device=device,
            fetch=fetch_policy(allow_host, allow_private=allow_private),
            limits=Limits(pixels=settings.pixels, size=settings.body),
            askers=settings.askers,
            on_batch=metrics.batch,
        ) as opened,
    ):
        address = socket.getsockname()
        shown = f"[{address[0]}]" if ":" in address[0] else address[0]
        say(f"Serving {len(opened):,} images on http://{shown}:{address[1]}. Ctrl-C stops it.")
        app = create_app(Service("library", opened, settings, metrics))
        app.include_router(page.router)
        run_server(app, socket)
    say("Stopped.")
