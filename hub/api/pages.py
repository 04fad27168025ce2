"""The pages: four entries and their files from `hub/static/dist/`. Open to anybody: no data."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, PlainTextResponse, Response

from hub.api.problems import no_such

DIST = Path(__file__).parent.parent / "static" / "dist"
PAGES = {"/": "index.html", "/h": "handset.html", "/tavle": "board.html", "/demo": "demo.html"}
YEAR_S = 365 * 24 * 3600


def mount(app: FastAPI, folder: Path = DIST) -> None:
    """Serve the pages from this folder."""
    root = folder.resolve()

    def file(file: str) -> Response:
        """Serve one file of the built pages."""
        path = (root / file).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            raise no_such("page", f"/{file}", do="the pages are /, /h, /tavle and /demo")
        # Built files carry a hash in their name; the rest must be asked for again.
        hashed = file.startswith("assets/")
        cache = f"public, max-age={YEAR_S}, immutable" if hashed else "no-cache"
        return FileResponse(path, headers={"Cache-Control": cache})

    for address, name in PAGES.items():
        app.add_api_route(address, _page(root / name), methods=["GET"], include_in_schema=False)
    app.add_api_route("/{file:path}", file, methods=["GET"], include_in_schema=False)


def _page(path: Path):  # noqa: ANN202 - FastAPI reads the route's own annotations
    def page() -> Response:
        """Serve one page."""
        if not path.is_file():
            return PlainTextResponse(
                "The pages are not built: run `make setup`.", status_code=503
            )
        return FileResponse(path, headers={"Cache-Control": "no-cache"})

    return page
