"""The real command without the seconds its libraries take to load: a server that forks it.

``python warm.py SOCKET`` loads the libraries, then runs ``cli.main`` in a fresh child for
every caller, with the arguments, environment, folder and open files the caller sends. It
ends when its standard input does.
"""

import gc
import importlib
import json
import os
import signal
import socket
import sys
import threading

LIBRARIES = (
    "dossier.counter", "dossier.making", "dossier.checking", "dossier.devices", "dossier.doctor",
    "dossier.signing_desk", "dossier.shelf", "dossier.receipt", "signing.batch", "signing.verify",
    "warehouse.store", "digitize.training_server", "terminal.talk", "terminal.reports", "fpdf",
)  # fmt: skip


def run(order: dict[str, object], files: list[int]) -> None:
    """Become the command: stdin, stdout, stderr and what else is to be open, by number."""
    for number, descriptor in enumerate(files[:3]):
        os.dup2(descriptor, number)
    os.chdir(str(order["folder"]))
    os.environ.clear()
    os.environ.update(order["environ"])  # type: ignore[call-overload]
    pin = [str(files[3])] if files[3:] else []
    sys.argv = ["sohoa", *order["arguments"], *pin]  # type: ignore[misc]
    import cli

    cli.main()


def handle(connection: socket.socket) -> None:
    """Run one command and answer with its exit code."""
    message, files, _flags, _address = socket.recv_fds(connection, 1 << 20, 4)
    child = os.fork()
    if child == 0:
        run(json.loads(message), files)
    for descriptor in files:
        os.close(descriptor)
    connection.sendall(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())
    os._exit(0)


def main() -> None:
    """Load, say so, and serve."""
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.freeze()  # else each child looks through all of it again when it ends
    threading.Thread(target=lambda: (os.read(0, 1), os._exit(0)), daemon=True).start()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the handlers
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(sys.argv[1])
        server.listen()
        print("ready", flush=True)  # noqa: T201  what the fixture waits for
        while True:
            connection, _address = server.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                server.close()
                handle(connection)
            connection.close()


if __name__ == "__main__":
    main()
