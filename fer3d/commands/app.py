"""`fer3d app`: a page in the browser to try a recognizer."""

import sys
from contextlib import suppress
from typing import Annotated

import typer

from fer3d import checkout
from fer3d.commands.options import AssetsOption, ModelsOption, RecognizerOption
from fer3d.errors import UserError

PORT = 8050


def app(
    host: Annotated[
        str, typer.Option(help="address to listen on; by default only this machine can connect")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="port to listen on; 0: any that is free")
    ] = PORT,
    browser: Annotated[
        bool, typer.Option("--open", help="open the page in the browser, too")
    ] = False,
    model: RecognizerOption = None,
    assets: AssetsOption = None,
    models: ModelsOption = checkout.MODELS,
) -> None:
    """Serve a page to try a recognizer on single photos, until Ctrl-C; docs/app.md."""
    from fer3d.assets.recognizers import described, find_recognizer
    from fer3d.inference.ready import ready_toolbox
    from fer3d.inference.recognize import Predictor

    try:
        from fer3d.app.server import LOOPBACK, listen, make_app, warm_up
    except ModuleNotFoundError as error:
        raise UserError(f"the page needs {error.name}: pip install 'fer3d[app]'") from None
    recognizer = find_recognizer(model)
    predictor = Predictor(recognizer, ready_toolbox(recognizer, assets, models))
    server = listen(make_app(predictor, described(recognizer)), host, port)
    warm_up(predictor)
    if host not in LOOPBACK:
        print("every machine that reaches this address can use the page", file=sys.stderr)
    url = f"http://{f'[{host}]' if ':' in host else host}:{server.port}/"
    with suppress(KeyboardInterrupt):
        print(f"{url} (Ctrl-C ends it)", flush=True)
        if browser:
            typer.launch(url)
        server.serve_forever()
