"""Datasets that only load, or that speak to a server: what each finds in what was put there for it."""

import http.server
import json
import threading
from contextlib import contextmanager

from dataset_cases import EXPERIMENTAL, columns, frame, plain
from kedro.io import DataCatalog, DatasetError


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it was last sent."""

    kept = b'{"a": 1}'

    def do_GET(self):
        self._answer(Echo.kept)

    def do_POST(self):
        Echo.kept = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(b"{}")

    def _answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Keep the terminal for the results."""


@contextmanager
def server():
    """Serve on a port of this machine and give the address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as made:
        threading.Thread(target=made.serve_forever, name="server", daemon=True).start()
        yield f"http://127.0.0.1:{made.server_port}/"
        made.shutdown()


def api(folder):
    with server() as address:
        entry = {"type": "api.APIDataset", "url": address}
        catalog = DataCatalog.from_config({"got": entry, "sent": {**entry, "method": "POST"}})
        assert catalog.load("got").json() == {"a": 1}
        catalog.save("sent", {"b": [2]})
        assert catalog.load("got").json() == {"b": [2]}
        assert catalog.exists("got")
        try:
            catalog.save("got", {})
        except DatasetError as error:
            assert "PUT or POST" in str(error)
        else:
            raise AssertionError("GET saved")


def query(folder):
    entry = {"type": "pandas.SQLTableDataset", "table_name": "t", "credentials": "db"}
    (folder / "query.sql").write_text("SELECT a, b FROM t")
    asked = {"type": "pandas.SQLQueryDataset", "credentials": "db"}
    catalog = DataCatalog.from_config(
        {
            "table": entry,
            "asked": {**asked, "sql": "SELECT a, b FROM t WHERE a < 3"},
            "from_file": {**asked, "filepath": str(folder / "query.sql")},
        },
        {"db": {"con": f"sqlite:///{folder / 'x.db'}"}},
    )
    catalog.save("table", frame("new"))
    assert len(catalog.load("asked")) == 3
    assert plain(catalog.load("from_file")) == columns("new")


def prompt(folder):
    (folder / "prompt.txt").write_text("Say {what}")
    (folder / "prompt.json").write_text(json.dumps({"template": "Say {what}", "input_variables": ["what"]}))
    kind = f"{EXPERIMENTAL}.langchain.PromptDataset"
    catalog = DataCatalog.from_config(
        {
            "text": {"type": kind, "filepath": str(folder / "prompt.txt"), "dataset": {"type": "text.TextDataset"}},
            "json": {"type": kind, "filepath": str(folder / "prompt.json"), "dataset": {"type": "json.JSONDataset"}},
        }
    )
    for name in catalog:
        assert catalog.load(name).format(what="hello") == "Say hello"
        assert catalog.exists(name)


def pdf(folder):
    from pypdf import PdfWriter

    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.write(folder / "x.pdf")
    entry = {"type": f"{EXPERIMENTAL}.pypdf.PDFDataset", "filepath": str(folder / "x.pdf")}
    assert DataCatalog.from_config({"x": entry}).load("x") == [""]


LOADED = {
    "files": {"api.APIDataset": api, "pandas.SQLQueryDataset": query},
    "more": {f"{EXPERIMENTAL}.langchain.PromptDataset": prompt, f"{EXPERIMENTAL}.pypdf.PDFDataset": pdf},
}
