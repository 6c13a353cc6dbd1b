"""The command ``engine``: what the fused engine knows of this machine."""

import argparse
import json
import platform
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from ndarray.errors import ParamError
from ndarray.kernels import calibration, machine_code, product
from ndarray.kernels.threads import get_num_threads
from symbolic.engines import auto


def engine(options: argparse.Namespace) -> None:
    """Print processor, threads, cache folder, calibration and versions; measure the calibration first if asked."""
    compiled = machine_code.available()
    if options.calibrate:
        if not compiled:
            raise ParamError("there is nothing to calibrate: llvmlite, which the extra fast brings, is not installed")
        calibration.calibrate()
    facts = about(compiled)
    if options.json:
        print(json.dumps(facts, indent=2))
        return
    for name, value in facts.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {what}" for key, what in value.items() if what is not None)
        print(f"{name.replace('_', ' ') + ':':16}{'none' if value is None else value}")


def about(compiled: bool) -> dict[str, object]:
    """Return the facts by name, as JSON can hold them."""
    folder = machine_code.folder()
    if compiled:
        calibration.prepare(0)
    return {
        "default_engine": auto.rule(compiled),
        "loops": "machine code" if compiled else "NumPy in tiles",
        "products": {kind: "machine code" if product.available(kind) else "NumPy" for kind in product.PRECISIONS},
        "processor": calibration.processor_name(),
        "LLVM_name": machine_code.processor() if compiled else None,
        "threads": get_num_threads(),
        "cache_folder": None if folder is None else str(folder),
        "calibration": str(calibration.calibration()) if compiled else None,
        "versions": {"Python": platform.python_version(), "NumPy": np.__version__, "llvmlite": _version("llvmlite"),
                     "LLVM": machine_code.llvm_version() if compiled else None,
                     "symbolic-ndarray": _version("symbolic-ndarray")},
    }


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return None
