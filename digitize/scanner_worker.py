"""The process that holds a scanner: ``python -m digitize.scanner_worker``.

Scanner drivers crash, hang and write on standard output; here they can do so without
harm. The parent sends one request as a line of JSON on standard input and later perhaps
``{"do": "stop"}``; the answers are lines of JSON on what was standard output. When the
parent goes away, so does this process.

Rules of python-sane 2.9.2 kept here: ``start`` then ``snap(no_cancel=True)`` for each page,
``cancel`` once at the end; a progress callback never raises; 8 bits a channel only; no
padded lines; a picture's height is compared with what was announced, because a cancel
from another thread returns a short picture without a word.
"""

import errno
import hashlib
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn

from PIL import Image

from digitize.padding import without_padding
from digitize.scanner_options import OptionRefused, configure, describe
from foundation.files import write_atomic

#: JPEG quality of the pages kept: no ringing visible around Vietnamese tone marks at 300 dpi.
QUALITY = 92
#: Seconds between two progress messages.
PROGRESS_PAUSE = 0.2
#: Seconds the device gets to end its job when the parent has gone.
LAST_GRACE = 5.0

NO_DOCUMENTS = "Document feeder out of documents"


class Fault(Exception):
    """A fault to tell the parent of: its kind and the facts that go with it."""

    def __init__(self, kind: str, **facts: Any) -> None:
        super().__init__(kind)
        self.message = {"event": "fault", "kind": kind, **facts}


class Channel:
    """Messages to the parent, one JSON object a line, and its wish to stop.

    Attributes:
        stopping: set when the parent asked to stop.
        device: the open device, so that a page under way can be broken off; None for none.
    """

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)  # what drivers print goes where their complaints go
        self.stopping = threading.Event()
        self.device: Any = None
        self.request: dict[str, Any] = json.loads(sys.stdin.readline())
        threading.Thread(target=self._listen, daemon=True).start()

    def send(self, event: str, **facts: Any) -> None:
        """Tell the parent of an event."""
        self.send_message({"event": event, **facts})

    def send_message(self, message: dict[str, Any]) -> None:
        """Send a whole message; never raises."""
        try:
            print(json.dumps(message), file=self._out, flush=True)
        except OSError:
            # Nobody reads any more. The listener sees the same and ends the process; raising
            # here would pass through python-sane's progress callback and crash it.
            self.stopping.set()

    def let_go(self) -> None:
        """Cancel and close the device, once, if one is open."""
        device, self.device = self.device, None
        if device is not None:
            device.cancel()
            device.close()

    def _listen(self) -> None:
        sys.stdin.readline()  # the wish to stop, or the end of the parent
        self._stop()
        sys.stdin.readline()  # its end
        self._stop()
        time.sleep(LAST_GRACE)
        os._exit(1)

    def _stop(self) -> None:
        self.stopping.set()
        device = self.device
        if device is not None:
            device.cancel()


@dataclass(frozen=True)
class _Announced:
    """What the device says a picture will be; ``lines`` is below 1 where it cannot know."""

    width: int
    lines: int


def main() -> NoReturn:
    """Serve one request and end."""
    channel = Channel()
    try:
        _serve(channel)
    except Fault as fault:
        channel.send_message(fault.message)
    except OptionRefused as no:
        kind = "bad-option" if no.allowed is not None else "no-option"
        channel.send("fault", kind=kind, option=no.option, value=no.value, allowed=no.allowed)
    # All is told before the device is let go: drivers hang and crash there, and at exit.
    channel.let_go()
    sys.stderr.flush()
    os._exit(0)


def _serve(channel: Channel) -> None:
    try:
        import sane
    except ImportError as error:
        raise Fault("sane-missing", detail=str(error)) from error
    request = channel.request
    try:
        sane.init()
        if request["do"] == "list":
            channel.send("devices", devices=sane.get_devices())
            return
        channel.device = _open(sane, request["device"])
        if request["do"] == "options":
            channel.send("options", options=describe(channel.device))
        else:
            _scan(channel, channel.device, request)
    except sane._sane.error as error:
        if channel.stopping.is_set():
            channel.send("stopped")
            return
        raise Fault("status", detail=str(error)) from error


def _open(sane: Any, name: str) -> Any:
    try:
        return sane.open(name)
    except sane._sane.error as error:
        known = [found[0] for found in sane.get_devices()]
        if name not in known:
            raise Fault("not-found", known=known) from error
        raise


def _scan(channel: Channel, device: Any, request: dict[str, Any]) -> None:
    settings = request["settings"]
    dpi, feeder = configure(device, settings)
    channel.send("ready", dpi=dpi)
    number, duplex = request["start_number"], settings["source"] == "adf-duplex"
    trims = request["device"].startswith("airscan:")
    for came, picture in enumerate(_pictures(channel, device, number, feeder, settings["limit"])):
        page = without_padding(picture, dpi) if trims else picture
        facts = _keep(page, dpi, Path(request["into"]) / f"page-{number + came:04d}.jpg")
        side = "back" if duplex and came % 2 else "front"
        channel.send("page", number=number + came, side=side, dpi=dpi, **facts)
    channel.send("stopped" if channel.stopping.is_set() else "done")


def _pictures(
    channel: Channel, device: Any, number: int, feeder: bool, limit: int | None
) -> Iterator[Image.Image]:
    """The pictures as they come, until the feeder is empty, the limit, or a wish to stop."""
    import sane

    most = limit if feeder else 1
    came = 0
    while not channel.stopping.is_set() and (most is None or came < most):
        try:
            picture = _one_picture(channel, device, number + came)
        except sane._sane.error as error:
            if came and str(error) == NO_DOCUMENTS:
                return  # an empty feeder is how a scan ends; before the first page it is a fault
            raise
        if picture is None:
            return
        came += 1
        yield picture


def _one_picture(channel: Channel, device: Any, number: int) -> Image.Image | None:
    """One whole picture; None where it was broken off by a wish to stop."""
    channel.send("started", number=number)
    device.start()
    announced = _announced(device)
    told = time.monotonic()

    def progress(line: int, lines: int) -> None:
        nonlocal told
        if time.monotonic() - told >= PROGRESS_PAUSE:
            told = time.monotonic()
            channel.send("progress", number=number, part=line / lines if lines > 0 else None)

    try:
        picture: Image.Image = device.snap(no_cancel=True, progress=progress)
    except RuntimeError as error:  # python-sane: not a single line came
        if channel.stopping.is_set():
            return None
        raise Fault("truncated", lines=0, expected=announced.lines) from error
    if picture.height < announced.lines or (announced.lines < 1 and channel.stopping.is_set()):
        if channel.stopping.is_set():
            return None
        raise Fault("truncated", lines=picture.height, expected=announced.lines)
    return picture


def _announced(device: Any) -> _Announced:
    """What the picture will be, refused where python-sane would damage it."""
    kind, _last, (width, lines), depth, bytes_per_line = device.get_parameters()
    channels = {"gray": 1, "color": 3}.get(kind)
    if channels is None:
        raise Fault("unsafe-picture", detail=f"{kind} frames one by one")
    if depth != 8:
        raise Fault("unsafe-picture", detail=f"{depth} bits a channel")
    if bytes_per_line != width * channels:
        raise Fault("unsafe-picture", detail=f"{width} pixels in {bytes_per_line} bytes a line")
    return _Announced(width, lines)


def _keep(picture: Image.Image, dpi: float, path: Path) -> dict[str, Any]:
    """Write the picture as a whole file; what the parent needs to know of it.

    A page of that number that is there already (a front scanned again with its back) is
    set aside beside it, never destroyed.
    """
    out = BytesIO()
    # 4:4:4: seals are red and signatures blue, and both are evidence.
    picture.save(out, "JPEG", quality=QUALITY, subsampling=0, dpi=(round(dpi), round(dpi)))
    data = out.getvalue()
    try:
        if path.exists():
            path.replace(path.with_name(path.name + ".replaced"))
        write_atomic(path, data)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        kind = "storage-full" if full else "not-stored"
        raise Fault(kind, folder=str(path.parent), detail=os.strerror(error.errno or 0)) from error
    return {
        "path": str(path),
        "width": picture.width,
        "height": picture.height,
        "sha256": hashlib.sha256(data).hexdigest(),
    }


if __name__ == "__main__":
    main()
