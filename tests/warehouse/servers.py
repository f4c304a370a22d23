"""A PostgreSQL and an S3 server (SeaweedFS) of the tests' own, on loopback, gone afterwards.

Used by the tests and by ``python -m benchmarks reuse``.
"""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

ACCESS, SECRET = "sohoa", "only-for-tests"
_SECONDS_TO_START = 60


@dataclass(frozen=True)
class Servers:
    """URL of a database, and of an S3 server with a bucket ``kho``."""

    database: str
    endpoint: str

    def settings(self, name: str) -> str:
        """A ``warehouse.toml`` for a warehouse of its own there. ``name``: letters and digits."""
        return (
            f'objects = "s3://kho/{name}"\nendpoint = "{self.endpoint}"\n'
            f'catalogue = "{self.database}&options=-csearch_path%3D{name}"\n'
        )

    def sql(self, statement: str) -> None:
        """Run a statement in the database."""
        import psycopg

        url = self.database.replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def running() -> Iterator[Servers]:
    """Both servers, in a folder that goes with them."""
    folder = Path(tempfile.mkdtemp(prefix="sohoa-servers-"))
    folder.chmod(0o755)  # PostgreSQL will not run as root: another user must get to its folder
    try:
        with _postgresql(folder / "pg") as database, _s3(folder / "s3") as endpoint:
            yield Servers(database, endpoint)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgresql() -> Iterator[str]:
    """The database alone: its URL."""
    folder = Path(tempfile.mkdtemp(prefix="sohoa-servers-"))
    folder.chmod(0o755)
    try:
        with _postgresql(folder / "pg") as database:
            yield database
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _postgresql(folder: Path) -> Iterator[str]:
    folder.mkdir(mode=0o700)
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"))
    data, port = folder / "data", _free_port()
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "sohoa", "-A", "trust", "-E", "UTF8", "--no-sync"],
        user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    options = {
        "unix_socket_directories": folder,
        "listen_addresses": "",
        "port": port,
        "fsync": "off",  # the machine will not lose power between two tests
        "max_connections": 120,
    }
    given = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
    server = subprocess.Popen(
        [programs / "postgres", "-D", data, *given],
        user=user, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait((folder / f".s.PGSQL.{port}").exists, server)
        url = f"postgresql+psycopg://sohoa@/postgres?host={folder}&port={port}"
        _wait(lambda: _answers_sql(url), server)
        yield url
    finally:
        server.send_signal(signal.SIGINT)  # fast shutdown
        server.wait(30)


def _answers_sql(url: str) -> bool:
    import psycopg

    try:
        psycopg.connect(url.replace("+psycopg", "")).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def _s3(folder: Path) -> Iterator[str]:
    folder.mkdir(mode=0o700)
    identity = {
        "name": "sohoa",
        "credentials": [{"accessKey": ACCESS, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "identities.json").write_text(json.dumps({"identities": [identity]}))
    ports = {name: _free_port() for name in ("master", "volume", "filer", "s3")}
    words = [f"-{name}.port={port}" for name, port in ports.items()]
    more = [f"-{name}.port.grpc={_free_port()}" for name in ports]
    # What it would serve besides, at ports of everybody's: two test processes would collide.
    more += ["-s3.port.iceberg=0", "-s3.port.lance=0"]
    server = subprocess.Popen(
        [
            Path(sys.executable).with_name("weed"), "server", f"-dir={folder}", "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1", "-s3", f"-s3.config={folder / 'identities.json'}",
            "-master.volumeSizeLimitMB=64", "-volume.max=50", "-master.telemetry=false",
            *words, *more,
        ],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    endpoint = f"http://127.0.0.1:{ports['s3']}"
    try:
        _wait(lambda: _makes_bucket(endpoint), server)
        yield endpoint
    finally:
        server.kill()  # its files go anyway
        server.wait()


def _makes_bucket(endpoint: str) -> bool:
    """Whether the server stores something yet: its parts find each other one by one."""
    import obstore
    from obstore.exceptions import BaseError
    from obstore.store import S3Store

    try:
        urllib.request.urlopen(endpoint, timeout=1)  # noqa: S310  our own, on loopback
    except urllib.error.HTTPError:
        pass  # it wants credentials: it is there
    except OSError:
        return False
    store = S3Store(
        "kho",
        endpoint=endpoint,
        access_key_id=ACCESS,
        secret_access_key=SECRET,
        client_options={"allow_http": True, "timeout": "3s"},
        retry_config={"max_retries": 0},
    )
    try:
        obstore.put(store, "ready", b"?")
    except (BaseError, OSError):
        return False
    return True


def _wait(is_up: "object", server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _SECONDS_TO_START
    while not is_up():  # type: ignore[operator]
        if server.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"{server.args!r} did not come up")
        time.sleep(0.1)


def _free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
