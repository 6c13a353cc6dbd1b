"""LLVM text to functions in memory, by way of object files that outlive the process.

llvmlite is imported when the first kernel is needed, never before.  An object file is kept under the hash of
everything it depends on; a second process reads it and compiles nothing.
"""

import hashlib
import os
import platform
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from ndarray.cached import Bounded
from ndarray.fork import around_fork

CACHE_VARIABLE = "SYMBOLIC_CACHE_DIR"
"""The environment variable that names the folder of object files; empty: keep none."""

PLAIN = "; plain\n"
"""How a module begins that is compiled as it is: optimising gains nothing there, and takes four times as long."""
_LEAST_LLVM = 17
"""From here on pointers have no type, as in our texts; llvmlite 0.45 brings LLVM 20."""
_MAGIC = b"symbolic kernel 1\n"
_DIGEST = 32

_loaded = weakref.WeakValueDictionary()
_recent: Bounded = Bounded(256)
"""Code that lives on although nobody else holds it: the same loops may be asked for again."""
_lock = threading.RLock()


_held = []


def _hold():
    """Wait until no other thread is within llvmlite, so that the child of a fork finds its locks free."""
    llvmlite = sys.modules.get("llvmlite.binding.ffi")
    for lock in (_lock, getattr(getattr(llvmlite, "lib", None), "_lock", None)):
        if lock is not None:
            lock.__enter__()
            _held.append(lock)


def _release():
    while _held:
        _held.pop().__exit__(None, None, None)


around_fork(_hold, _release)


class Code:
    """Machine code in memory; it lives as long as this object.

    Attributes
    ----------
    origin : str
        ``compiled`` or ``disk``.
    """

    def __init__(self, binary: bytes, origin: str):
        llvm, _ = _llvm()
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(binary))
        self._engine.finalize_object()
        self.origin = origin

    def address(self, name: str) -> int:
        """Return the address of the function `name`."""
        return self._engine.get_function_address(name)


def available() -> bool:
    """Tell whether llvmlite is installed, recent enough, and knows this machine."""
    try:
        llvm, _ = _llvm()
    except (ImportError, OSError, RuntimeError):
        return False
    return llvm.llvm_version_info[0] >= _LEAST_LLVM


class NotKept(Exception):
    """A kernel is not on disk, within `kept_only`."""


_kept_only = ContextVar("_kept_only", default=False)


@contextmanager
def kept_only(on: bool = True) -> Iterator[None]:
    """Make a ``with`` block in which `code` compiles nothing: it raises `NotKept` instead.

    Yields
    ------
    None
    """
    token = _kept_only.set(on)
    try:
        yield
    finally:
        _kept_only.reset(token)


def code(text: str) -> Code:
    """Return the machine code of an LLVM module; equal texts share it.

    Raises
    ------
    NotKept
        If it has to be compiled within `kept_only`.
    """
    with _lock:
        found = _loaded.get(text)
        if found is None:
            found = _loaded[text] = _recent.keep(text, _from_disk(text) or _compiled(text))
        return found


def features() -> dict[str, bool]:
    """Return what the processor can do, by LLVM's names."""
    return _llvm()[1]


@cache
def reads_half() -> bool:
    """Tell whether the processor converts float16 itself; otherwise LLVM calls functions that do not exist here."""
    return bool(features().get("f16c")) or platform.machine().lower() in ("aarch64", "arm64")


@cache
def _llvm():
    with _lock:
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        return llvm, dict(llvm.get_host_cpu_features())


def _machine(level=3):
    """Return a new description of this machine: every engine owns, and frees, its own."""
    llvm, _ = _llvm()
    reloc, codemodel = _reach()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=_features(), opt=level, reloc=reloc, codemodel=codemodel)


def _reach():
    """Return how code addresses its constants and what it calls.

    In a process with large arrays, LLVM may place constants further from the code than 32 bits reach, and then aborts
    the process.  On x86-64 code therefore holds whole addresses; on AArch64 llvmlite keeps the sections together.
    """
    return ("static", "large") if platform.machine().lower() in ("x86_64", "amd64") else ("pic", "default")


@cache
def _features():
    """Return what LLVM may take for granted of this machine's processor."""
    llvm, features = _llvm()
    # Whole lines of the cache at once, up to a tenth faster.  Before Ice Lake, which brings this feature, processors
    # slowed down for such instructions, and LLVM still avoids them on all.
    wide = ",-prefer-256-bit" if features.get("avx512vbmi2") else ""
    return llvm.get_host_cpu_features().flatten() + wide


def _compiled(text):
    if _kept_only.get():
        raise NotKept
    machine, module = _optimised(text)
    binary = machine.emit_object(module)
    keep(file_of(text), binary)
    return Code(binary, "compiled")


def assembly(text: str) -> str:
    """Return the machine's instructions for an LLVM module, as text."""
    machine, module = _optimised(text)
    return machine.emit_assembly(module)


def _optimised(text):
    """Return a machine and the module optimised for it."""
    llvm, _ = _llvm()
    module = llvm.parse_assembly(text)
    if text.startswith(PLAIN):
        return _machine(1), module
    machine = _machine()
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = options.loop_interleaving = options.loop_unrolling = True
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return machine, module


# Object files


def folder() -> Path | None:
    """Return the folder of object files, None if none are kept."""
    named = os.environ.get(CACHE_VARIABLE)
    if named is not None:
        return Path(named) if named else None
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        named = os.environ.get("XDG_CACHE_HOME", "")
        base = Path(named) if os.path.isabs(named) else home / ".cache"
    return base / "symbolic-ndarray"


@cache
def _this_machine():
    import llvmlite

    llvm, _ = _llvm()
    return "\n".join((llvm.get_default_triple(), llvm.get_host_cpu_name(), _features(), *_reach(),
                      llvmlite.__version__, str(llvm.llvm_version_info)))


def processor() -> str:
    """Return LLVM's name of this machine's processor."""
    llvm, _ = _llvm()
    return llvm.get_host_cpu_name()


def llvm_version() -> str:
    """Return the version of LLVM."""
    llvm, _ = _llvm()
    return ".".join(map(str, llvm.llvm_version_info))


def file_of(text: str, suffix: str = ".o") -> Path | None:
    """Return the file of what depends on a text and on this machine, None if none are kept."""
    where = folder()
    return where and where / (hashlib.sha256(f"{_this_machine()}\n{text}".encode()).hexdigest() + suffix)


def _from_disk(text):
    """Return the code of a module that was compiled before; None if the file is missing, damaged or foreign."""
    binary = kept(file_of(text))
    return None if binary is None else Code(binary, "disk")


def kept(path: Path | None) -> bytes | None:
    """Return the content of a file that `keep` has written; None if it is missing, damaged or foreign."""
    try:
        if path is None or not _ours(path):
            return None
        data = path.read_bytes()
    except OSError:
        return None
    content = data[len(_MAGIC) + _DIGEST:]
    if data[:len(_MAGIC)] != _MAGIC or data[len(_MAGIC):len(_MAGIC) + _DIGEST] != _digest(path.name, content):
        return None
    return content


def _ours(path):
    """Tell whether nobody else could have written the file: its content will be executed."""
    if not hasattr(os, "getuid"):
        return True
    return all(s.st_uid == os.getuid() and not s.st_mode & 0o022 for s in (path.parent.stat(), path.stat()))


def _digest(name, content):
    return hashlib.sha256(name.encode() + content).digest()


def keep(path: Path | None, content: bytes) -> None:
    """Write a file under another name and rename it, so that no process reads half of one; None writes nothing."""
    if path is None:
        return
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return
    # Named before it is made: an interrupt at any moment knows what to remove.
    temporary = path.parent / f".{os.urandom(8).hex()}"
    try:
        with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(_MAGIC + _digest(path.name, content) + content)
        os.replace(temporary, path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
