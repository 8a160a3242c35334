"""A file is used only if it is the right one; else one error says what to do, and nothing is left behind."""

import hashlib
import http.server
import threading

import pytest

from unrolled.__main__ import main
from unrolled.data import NotAvailableError, WrongHashError, load, registry
from unrolled.data.registry import REGISTRY, File, Source, data_folder, fetch, find

CONTENT = b"the green witch arrived\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
FILE = File("folder/witch.txt", "http://127.0.0.1:9/witch.txt", SHA256, len(CONTENT))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("UNROLLED_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def served():
    """An address on this machine that answers CONTENT, or 404 for any other name."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            found = self.path == "/witch.txt"
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(CONTENT) if found else 0))
            self.end_headers()
            self.wfile.write(CONTENT if found else b"")

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def files_in(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("place", ["folder/witch.txt", "witch.txt"])
def test_a_file_in_its_folder_or_flat_is_found(folder, place):
    (folder / place).parent.mkdir(exist_ok=True)
    (folder / place).write_bytes(CONTENT)
    assert fetch(FILE) == find(FILE) == folder / place


def test_a_download_is_kept_and_not_repeated(folder, served, capsys):
    file = FILE.__class__(FILE.path, f"{served}/witch.txt", SHA256, len(CONTENT))
    assert fetch(file).read_bytes() == CONTENT
    assert "100%" in capsys.readouterr().err
    assert files_in(folder) == [folder / "folder/witch.txt"]
    assert fetch(FILE) == folder / "folder/witch.txt", "it asked the network for a file that is here"


def test_a_wrong_file_here_is_refused_and_left_alone(folder):
    (folder / "witch.txt").write_bytes(b"another")
    got = hashlib.sha256(b"another").hexdigest()
    with pytest.raises(WrongHashError, match=rf"witch\.txt: expected sha256 {SHA256} .* got {got}.*not used"):
        fetch(FILE)
    assert (folder / "witch.txt").read_bytes() == b"another"


def test_a_wrong_download_is_refused_and_removed(folder, served):
    wrong = "0" * 64
    with pytest.raises(WrongHashError, match=rf"witch\.txt from .*: expected sha256 {wrong}, got {SHA256}"):
        fetch(File(FILE.path, f"{served}/witch.txt", wrong, 1))
    assert files_in(folder) == []


def test_no_network(folder):
    with pytest.raises(NotAvailableError) as caught:
        fetch(FILE)
    message = str(caught.value)
    for part in (
        "witch.txt",
        str(folder),
        "UNROLLED_DATA",
        "folder/witch.txt",
        "load('witch')",
        "ConnectionError",
    ):
        assert part in message
    assert files_in(folder) == []


def test_an_address_that_is_gone(folder, served):
    with pytest.raises(NotAvailableError, match="404"):
        fetch(File(FILE.path, f"{served}/gone.txt", SHA256, 1))
    assert files_in(folder) == []


def test_a_download_cut_off_leaves_nothing(folder):
    def cut_off(url, output, *rest):
        with open(output, "wb") as stream:
            stream.write(CONTENT[:5])
        raise ConnectionResetError("cut off")

    with pytest.raises(NotAvailableError, match="cut off"):
        fetch(FILE, downloader=cut_off)
    assert files_in(folder) == []


def test_without_the_variable_it_is_the_users_cache(monkeypatch):
    monkeypatch.delenv("UNROLLED_DATA", raising=False)
    assert data_folder().name.lower() == "unrolled" or "unrolled" in str(data_folder())


@pytest.mark.parametrize("name", [name for name in REGISTRY if name != "witch"])
def test_each_real_corpus_without_network_names_the_embedded_one(folder, monkeypatch, name):
    def nothing(*arguments):
        raise OSError("no route to host")

    monkeypatch.setattr("pooch.HTTPDownloader", lambda **options: nothing)
    with pytest.raises(NotAvailableError, match=r"no route to host.*UNROLLED_DATA.*load\('witch'\)"):
        load(name)


def test_an_unknown_name_lists_the_names():
    with pytest.raises(
        ValueError, match="expected one of witch, tatoeba, ewt, polarity, blimp, shakespeare, got 'x'"
    ):
        load("x")


def test_every_source_says_what_it_must():
    paths = [file.path for source in REGISTRY.values() for file in source.files]
    assert len(paths) == len(set(paths)) == 12
    for source in REGISTRY.values():
        assert source.licence and source.attribution and source.purpose and source.title
        for file in source.files:
            assert file.url.startswith("https://") and len(file.sha256) == 64 and file.size > 0


class TestCommand:
    """`unrolled data`."""

    def test_the_table(self, folder, capsys):
        (folder / "spa-eng.zip").write_bytes(b"x")
        (folder / "en_ewt-ud-dev.conllu").write_bytes(b"x")
        assert main(["data"]) == 0
        out = capsys.readouterr().out
        for source in REGISTRY.values():
            assert source.name in out and source.licence in out and source.attribution in out
        lines = {line.split()[0]: line for line in out.splitlines() if line.strip()}
        assert lines["witch"].endswith("built in")
        assert lines["tatoeba"].endswith(" here") and "not" not in lines["tatoeba"]
        assert lines["ewt"].endswith("1 of 3 files here")
        assert lines["blimp"].endswith("not here")
        assert f"at: {folder}" in out

    def test_fetch_and_path(self, folder, served, monkeypatch, capsys):
        file = File(FILE.path, f"{served}/witch.txt", SHA256, len(CONTENT))
        monkeypatch.setitem(REGISTRY, "one", Source("one", "t", "p", "MIT", "us", (file,)))
        assert main(["data", "path", "one"]) == 1
        assert "unrolled data fetch one" in capsys.readouterr().err
        assert main(["data", "fetch", "one"]) == 0
        capsys.readouterr()
        assert main(["data", "path", "one"]) == 0
        assert capsys.readouterr().out == f"{folder / 'folder/witch.txt'}\n"

    def test_fetch_all_goes_on_after_a_failure(self, folder, served, monkeypatch, capsys):
        good = Source("good", "t", "p", "MIT", "us", (File("g.txt", f"{served}/witch.txt", SHA256, 1),))
        bad = Source("bad", "t", "p", "MIT", "us", (FILE,))
        monkeypatch.setattr(registry, "REGISTRY", {"bad": bad, "good": good})
        assert main(["data", "fetch", "all"]) == 1
        captured = capsys.readouterr()
        assert "good: in" in captured.out and "could not be downloaded" in captured.err

    @pytest.mark.parametrize("action", ["fetch", "path"])
    def test_an_unknown_name(self, capsys, action):
        assert main(["data", action, "x"]) == 2
        assert "expected one of witch" in capsys.readouterr().err

    def test_help(self, capsys):
        assert main([]) == 2
        assert "data" in capsys.readouterr().out
        with pytest.raises(SystemExit) as stop:
            main(["data", "--help"])
        assert stop.value.code == 0
        assert "UNROLLED_DATA" in capsys.readouterr().out
        with pytest.raises(SystemExit) as stop:
            main(["nonsense"])
        assert stop.value.code == 2
