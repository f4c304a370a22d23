"""Settings into SANE options: names checked, values checked, set, and read back.

python-sane takes unknown names for plain attributes and rounds inexact values without a
word; nothing here relies on it. Runs in the worker process only.
"""

from typing import Any

#: SANE's value types and units by number (SANE standard 1.06, section 4.2.9).
TYPES = ("bool", "int", "fixed", "string", "button", "group")
UNITS = ("", "pixel", "bit", "mm", "dpi", "percent", "microsecond")
#: SANE_CAP_SOFT_DETECT: the value can be read back.
READABLE = 4
#: A4 in millimetres (ISO 216): what a page is taken for when no area is asked.
A4 = (210.0, 297.0)
#: Largest difference between the area asked and the area the device grants, millimetres.
AREA_TOLERANCE = 1.0


class OptionRefused(Exception):
    """The device does not take a value.

    Attributes:
        option: what was to be set. value: the value refused.
        allowed: what it takes instead, for people; None where it cannot be set at all.
    """

    def __init__(self, option: str, value: object, allowed: str | None) -> None:
        super().__init__(option, value, allowed)
        self.option = option
        self.value = value
        self.allowed = allowed


def describe(device: Any) -> list[dict[str, Any]]:
    """Every option of an open device with its present value, as plain values."""
    options = []
    for name, option in device.opt.items():
        if not name or not 0 <= option.type < 4:  # buttons and groups have no value
            continue
        active = bool(option.is_active())
        options.append(
            {
                "name": name,
                "title": option.title,
                "kind": TYPES[option.type],
                "unit": UNITS[option.unit] if 0 <= option.unit < len(UNITS) else "",
                "value": _present(device, name, option) if active else None,
                "allowed": allowed(option),
                "active": active,
                "settable": bool(option.is_settable()),
            }
        )
    return options


def configure(device: Any, settings: dict[str, Any]) -> tuple[float, bool]:
    """Set an open device up for a scan.

    Returns the resolution granted (dots per inch) and whether pages come from a feeder.

    Raises:
        OptionRefused: the first setting the device does not take.
    """
    duplex = settings["source"] == "adf-duplex"
    _set_source(device, settings["source"])
    if duplex and "duplex" not in str(getattr(device, "source", "")).casefold():
        _set_duplex(device)
    _set_mode(device, settings["mode"])
    if _usable(device, "depth"):
        set_checked(device, "depth", 8)
    set_checked(device, "resolution", settings["dpi"], label="dpi")
    _set_area(device, settings["area_mm"], settings["dpi"])
    for name, value in settings["extra"].items():
        set_checked(device, name.replace("-", "_"), value)
    return float(device.resolution), settings["source"] != "flatbed"


def set_checked(device: Any, name: str, value: Any, *, label: str = "") -> None:
    """Set one option and make sure the device took exactly that value.

    Raises:
        OptionRefused: no such option, not settable now, a value outside what is allowed,
            or another value read back.
    """
    label = label or name
    if not _usable(device, name):
        raise OptionRefused(label, value, None)
    option = device.opt[name]
    if not _fits(option, value):
        raise OptionRefused(label, value, allowed(option))
    setattr(device, name, float(value) if TYPES[option.type] == "fixed" else value)
    if option.cap & READABLE and not _same(option, value, getattr(device, name)):
        raise OptionRefused(label, value, allowed(option))


def allowed(option: Any) -> str:
    """The values an option allows, for people: a list, or a range with its step."""
    limit = option.constraint
    if TYPES[option.type] == "bool":
        return "0, 1"
    if isinstance(limit, list):
        return ", ".join(
            f"{value:g}" if isinstance(value, float) else str(value) for value in limit
        )
    if isinstance(limit, tuple):
        low, high, step = limit
        return f"{low:g} – {high:g}" + (f" ({step:g})" if step else "")
    return ""


def _fits(option: Any, value: Any) -> bool:
    if TYPES[option.type] == "string":
        if not isinstance(value, str):
            return False
    elif not isinstance(value, int | float):
        return False
    limit = option.constraint
    if isinstance(limit, list):
        return value in limit
    if isinstance(limit, tuple):
        return bool(limit[0] <= value <= limit[1])
    return True


def _same(option: Any, value: Any, granted: Any) -> bool:
    if TYPES[option.type] != "fixed":
        return bool(granted == value)
    step = option.constraint[2] if isinstance(option.constraint, tuple) else 0
    # Fixed-point numbers have 16 bits after the point; the device may round to its step.
    return bool(abs(granted - value) <= max(step, 1e-4))


def _present(device: Any, name: str, option: Any) -> Any:
    """The value an active option has now; None where the device cannot tell."""
    if not option.cap & READABLE:
        return None
    value = getattr(device, name)
    return bool(value) if TYPES[option.type] == "bool" else value


def _usable(device: Any, name: str) -> bool:
    """Whether the option can be set now, by python-sane, to a single value."""
    option = device.opt.get(name)
    if option is None or not (option.is_active() and option.is_settable()):
        return False
    # An array is longer than one 4-byte word; python-sane would set its first and leave the
    # others to whatever lies in memory.
    return TYPES[option.type] == "string" or (option.type < 3 and option.size == 4)


def source_named(wanted: str, names: list[str]) -> str | None:
    """The device's own name for ``adf``, ``adf-duplex`` or ``flatbed``; None for none.

    >>> source_named("adf", ["Flatbed", "Automatic Document Feeder"])
    'Automatic Document Feeder'
    >>> source_named("adf-duplex", ["Flatbed", "ADF", "ADF Duplex"])
    'ADF Duplex'
    """
    for name in names:
        words = name.casefold()
        feeder = "adf" in words or "feeder" in words
        both = "duplex" in words or "both" in words
        if wanted == "flatbed":
            fits = "flatbed" in words or words in ("fb", "normal", "platen", "document table")
        elif wanted == "adf-duplex":
            fits = both
        else:
            fits = feeder and not both and "back" not in words
        if fits:
            return name
    return None


def _set_source(device: Any, wanted: str) -> None:
    option = device.opt.get("source")
    if option is None or not option.is_settable():
        return  # a machine with one source does not name it; duplex is looked for later
    names = [str(name) for name in option.constraint or []]
    name = source_named(wanted, names)
    if name is None and wanted == "adf-duplex":
        name = source_named("adf", names)
    if name is None:
        raise OptionRefused("source", wanted, _sources_offered(names))
    set_checked(device, "source", name)


def _sources_offered(names: list[str]) -> str:
    known = [word for word in ("flatbed", "adf", "adf-duplex") if source_named(word, names)]
    return ", ".join(known or names)


def _set_duplex(device: Any) -> None:
    """Duplex on machines that switch it apart from the source."""
    if _usable(device, "adf_mode") and "Duplex" in (device.opt["adf_mode"].constraint or []):
        set_checked(device, "adf_mode", "Duplex")
    elif _usable(device, "duplex") and TYPES[device.opt["duplex"].type] == "bool":
        set_checked(device, "duplex", 1)
    else:
        option = device.opt.get("source")
        names = [str(name) for name in option.constraint or []] if option is not None else []
        raise OptionRefused("source", "adf-duplex", _sources_offered(names))


def _set_mode(device: Any, wanted: str) -> None:
    if not _usable(device, "mode"):
        return  # the parameters of each picture are checked anyway
    names = [str(name) for name in device.opt["mode"].constraint or []]
    stems = ("color", "colour") if wanted == "color" else ("gray", "grey")
    by_fit = sorted(names, key=lambda name: (name.casefold() not in stems, len(name)))
    found = [name for name in by_fit if any(stem in name.casefold() for stem in stems)]
    if not found:
        raise OptionRefused("mode", wanted, ", ".join(names))
    set_checked(device, "mode", found[0])


def _set_area(device: Any, area_mm: list[float] | None, dpi: float) -> None:
    """The scan area from the top left corner; A4, or as much of it as there is, by default."""
    wanted = area_mm or A4
    corners = (("tl_x", 0.0), ("tl_y", 0.0), ("br_x", wanted[0]), ("br_y", wanted[1]))
    for name, millimetres in corners:
        if not _usable(device, name):
            continue
        option = device.opt[name]
        unit = dpi / 25.4 if UNITS[option.unit] == "pixel" else 1.0
        low, high = _bounds(option, millimetres * unit)
        if area_mm and millimetres * unit > high + AREA_TOLERANCE * unit:
            most = f"{high / unit:.0f} mm"
            raise OptionRefused("area", f"{millimetres:g} mm", f"≤ {most}")
        value = min(max(millimetres * unit, low), high)
        setattr(device, name, int(value) if TYPES[option.type] == "int" else float(value))
        granted = getattr(device, name)
        step = option.constraint[2] if isinstance(option.constraint, tuple) else 0
        if abs(granted - value) > max(AREA_TOLERANCE * unit, step):
            raise OptionRefused("area", f"{millimetres:g} mm", allowed(option))


def _bounds(option: Any, wanted: float) -> tuple[float, float]:
    limit = option.constraint
    if isinstance(limit, list) and limit:
        return min(limit), max(limit)
    return (limit[0], limit[1]) if isinstance(limit, tuple) else (0.0, wanted)
