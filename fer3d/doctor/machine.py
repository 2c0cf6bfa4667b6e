"""Checks of Python, packages, libraries, processor, memory and GPU."""

import ctypes
import platform
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from fer3d.checkout import PINS, PROJECT
from fer3d.doctor.finding import Finding, ok, problem, size, warning
from fer3d.machine.memory import available_memory
from fer3d.machine.settings import Settings, usable_cores

LIBRARIES = {  # Debian package -> its library that Open3D loads; also in tools/system-libraries.sh
    "libusb-1.0-0": "libusb-1.0.so.0",
    "libgl1": "libGL.so.1",
    "libgomp1": "libgomp.so.1",
    "libx11-6": "libX11.so.6",
    "libegl1": "libEGL.so.1",
}
WORKER_BYTES = 650e6  # resident memory of a worker of relight, the largest: docs/scale.md
ALIGN_BYTES, ALIGN_BYTES_PER_PIXEL = 400e6, 50  # of a worker of align: docs/scale.md
BASE_BYTES = 1.5e9  # of the stage itself, and of the trainer with a small data set
GPU_BYTES = 2e9  # of training with the default batch size, with a margin
_COMMENT = re.compile(r"(^|\s)#.*")


def python(checkout: Path, version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """The version of Python, against pyproject.toml."""
    found = ".".join(str(part) for part in version)
    wanted = _project(checkout).get("requires-python", ">=3.11")
    if found not in Requirement(f"python{wanted}").specifier:
        return problem("python", f"{found}, fer3d needs {wanted}", "use another Python")
    return ok("python", f"{found}, {platform.system()} {platform.machine()}")


def packages(checkout: Path, installed: Mapping[str, str] | None = None) -> Finding:
    """Versions of the dependencies, against pyproject.toml and constraints.txt."""
    installed = _installed() if installed is None else installed
    wrong = [text for text in _declared(checkout) if not _satisfied(text, installed)]
    if wrong:
        return problem("packages", f"not as declared: {', '.join(wrong)}", "`make setup`")
    pins = _pins(checkout)
    named = {canonicalize_name(Requirement(text).name) for text in _declared(checkout)}
    other = [
        f"{name} {installed[name]} instead of {pins[name]}"
        for name in sorted(named & set(pins) & set(installed))
        if _public(installed[name]) != pins[name]
    ]
    if other:
        advice = "`make setup`; other versions can change the last digits of results"
        return warning("packages", ", ".join(other), advice)
    return ok("packages", f"{len(named)} as pinned")


def libraries(wanted: Mapping[str, str] = LIBRARIES) -> Finding:
    """System libraries that Open3D loads, on Linux."""
    if sys.platform != "linux":
        return ok("libraries", "none needed on this system")
    missing = [package for package, library in wanted.items() if not _loads(library)]
    if missing:
        names = " ".join(missing)
        return problem(
            "libraries", f"Open3D misses {names}", f"`apt-get install {names}` (Debian, Ubuntu)"
        )
    return ok("libraries", "all libraries of Open3D found")


def processor(settings: Settings, cores: int | None = None) -> Finding:
    """Number of workers, against the usable cores (container limits included)."""
    cores = usable_cores() if cores is None else cores
    detail = f"{settings.workers} workers, {cores} cores"
    if settings.workers > cores:
        return warning("processor", detail, f"set FER3D_WORKERS={cores}")
    return ok("processor", detail)


def memory(settings: Settings, pixels: float = 0, available: float | None = None) -> Finding:
    """Free memory, against what the workers need.

    Args:
        settings: number of workers.
        pixels: of the largest image, with its border.
        available: bytes; None: asks the system.
    """
    available = available_memory() if available is None else available
    worker = max(WORKER_BYTES, ALIGN_BYTES + ALIGN_BYTES_PER_PIXEL * pixels)
    need = BASE_BYTES + settings.workers * worker
    largest = f", for images of {pixels / 1e6:.0f} megapixels" if worker > WORKER_BYTES else ""
    detail = f"{size(available)} free, {settings.workers} workers need about {size(need)}{largest}"
    if available < need:
        fitting = max(1, int(min((available - BASE_BYTES) // worker, usable_cores())))
        lower = f"set FER3D_WORKERS={fitting}" if fitting < settings.workers else "free some"
        return problem("memory", detail, lower)
    return ok("memory", detail)


def gpu(settings: Settings) -> Finding:
    """The GPUs that PyTorch can use."""
    import torch

    if not torch.cuda.is_available():
        driver = Path("/dev/nvidiactl").exists()
        return judge_gpu(settings.device, driver, torch.version.cuda is not None, [])
    numbers = range(torch.cuda.device_count())
    seen = [(torch.cuda.get_device_name(i), torch.cuda.mem_get_info(i)[0]) for i in numbers]
    return judge_gpu(settings.device, True, True, seen)


def judge_gpu(
    device: str, driver: bool, built_for_gpu: bool, gpus: Sequence[tuple[str, float]]
) -> Finding:
    """A finding about GPUs.

    Args:
        device: the setting ``device``.
        driver: whether the machine has an NVIDIA driver.
        built_for_gpu: whether PyTorch was built with CUDA.
        gpus: name and free memory, bytes, of each GPU that PyTorch can use.
    """
    if gpus:
        detail = ", ".join(f"{name} with {size(free)} free" for name, free in gpus)
        if device == "cpu":
            return warning("gpu", f"{detail}, not used", "unset FER3D_DEVICE")
        if gpus[0][1] < GPU_BYTES:
            return warning("gpu", detail, f"training needs {size(GPU_BYTES)} of its memory")
        return ok("gpu", detail)
    if device == "cuda":
        return problem("gpu", "FER3D_DEVICE is cuda, PyTorch finds none", "set it to auto")
    if driver and not built_for_gpu:
        advice = "install PyTorch's CUDA wheel of the same version"
        return warning("gpu", "found, but this PyTorch is built without CUDA", advice)
    if driver:
        return warning("gpu", "found, but PyTorch cannot use it", "check `nvidia-smi`")
    return ok("gpu", "none, networks run on the processor (CPU)")


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _project(checkout: Path) -> dict[str, Any]:
    try:
        return tomllib.loads((checkout / PROJECT).read_text(encoding="utf-8"))["project"]
    except (OSError, KeyError):
        return {}


def _declared(checkout: Path) -> list[str]:
    texts = _project(checkout).get("dependencies", [])
    return [text for text in texts if _applies(Requirement(text))]


def _applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate()


def _satisfied(text: str, installed: Mapping[str, str]) -> bool:
    requirement = Requirement(text)
    version = installed.get(canonicalize_name(requirement.name))
    return version is not None and requirement.specifier.contains(version, prereleases=True)


def _pins(checkout: Path) -> dict[str, str]:
    """The versions of constraints.txt that apply here, by name."""
    path = checkout / PINS
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    texts = [_COMMENT.sub("", line).strip() for line in lines]
    wanted = [Requirement(text) for text in texts if text and not text.startswith("-")]
    return {
        canonicalize_name(requirement.name): pin.version
        for requirement in filter(_applies, wanted)
        for pin in requirement.specifier
        if pin.operator == "=="
    }


def _installed() -> dict[str, str]:
    found: Iterable[metadata.Distribution] = metadata.distributions()
    return {canonicalize_name(d.name): d.version for d in found if d.name}


def _public(version: str) -> str:
    return version.partition("+")[0]
