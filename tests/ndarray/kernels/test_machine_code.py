"""Object files on disk: found again, never trusted, written by many at once; and what the compiler makes of a loop."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("llvmlite")

from ndarray.kernels import machine_code
from ndarray.kernels.llvm import text_of
from ndarray.kernels.loop import Loop, Step

ROOT = Path(__file__).parents[3]


def signsgd(dtype="float32"):
    steps = (Step("load", (), dtype, 0), Step("load", (), dtype, 1), Step("scalar", (), dtype, 0),
             Step("sign", (1,), dtype), Step("multiply", (2, 3), dtype), Step("subtract", (0, 4), dtype))
    return Loop(steps, (dtype, dtype), (dtype,), ((0, 5),))


TEXT = text_of(signsgd())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache of our own, and nothing in memory."""
    monkeypatch.setenv(machine_code.CACHE_VARIABLE, str(tmp_path / "kernels"))
    forget()
    yield tmp_path / "kernels"
    forget()


def forget():
    machine_code._recent.clear()
    machine_code._loaded.clear()


def test_a_kernel_is_compiled_once_and_found_on_disk_later(folder):
    assert machine_code.code(TEXT).origin == "compiled"
    assert machine_code.code(TEXT) is machine_code.code(TEXT)
    forget()
    assert machine_code.code(TEXT).origin == "disk"
    assert [p.suffix for p in folder.iterdir()] == [".o"]


def test_another_process_compiles_nothing(folder):
    machine_code.code(TEXT)
    script = ("from ndarray.kernels import machine_code as c\n"
              f"print(c.code({TEXT!r}).origin)")
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "disk"


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:100], lambda data: data[:-1],
                                    lambda data: data[:60] + bytes([data[60] ^ 1]) + data[61:],
                                    lambda data: b"\x7fELF" + data])
def test_a_broken_entry_is_compiled_again(folder, damage):
    machine_code.code(TEXT)
    path, = folder.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    forget()
    assert machine_code.code(TEXT).origin == "compiled"
    assert path.read_bytes() == whole


def test_the_entry_of_another_kernel_is_not_taken(folder):
    machine_code.code(text_of(signsgd("float64")))
    other, = folder.iterdir()
    other.rename(machine_code.file_of(TEXT))
    forget()
    assert machine_code.code(TEXT).origin == "compiled"


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="permissions are those of POSIX")
def test_an_entry_that_others_may_write_is_not_run(folder):
    machine_code.code(TEXT)
    path, = folder.iterdir()
    path.chmod(0o666)
    forget()
    assert machine_code.code(TEXT).origin == "compiled"


def test_without_a_folder_kernels_are_compiled_in_memory(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    for value in ("", str(tmp_path / "file" / "below")):
        monkeypatch.setenv(machine_code.CACHE_VARIABLE, value)
        forget()
        assert machine_code.code(TEXT).origin == "compiled"
    forget()


def test_the_folder_follows_the_platform(monkeypatch):
    monkeypatch.delenv(machine_code.CACHE_VARIABLE, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert machine_code.folder() == Path("/somewhere/symbolic-ndarray")
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    assert machine_code.folder() == Path.home() / ".cache" / "symbolic-ndarray"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert machine_code.folder() == Path.home() / "Library" / "Caches" / "symbolic-ndarray"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    assert machine_code.folder() == Path("/local/symbolic-ndarray")


def test_many_may_write_at_once(folder):
    def one(_):
        return machine_code._compiled(TEXT).address("kernel")

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(one, range(8)))
    assert len(list(folder.iterdir())) == 1
    forget()
    assert machine_code.code(TEXT).origin == "disk"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_loops_are_vectorised(dtype):
    import platform

    text = machine_code.assembly(text_of(signsgd(dtype)))
    if platform.machine().lower() not in ("x86_64", "amd64"):
        pytest.skip("the names of the registers are those of x86")
    packed = {"float32": ("subps", "mulps"), "float64": ("subpd", "mulpd")}[dtype]
    assert all(word in text for word in packed)
    assert "vfmadd" not in text and "vfnmadd" not in text and "rcp" not in text


def test_importing_the_packages_does_not_import_llvmlite():
    script = "import symbolic, ndarray, ndarray.kernels.call, sys; print('llvmlite' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


FAR_APART = """
import ctypes
from ndarray.kernels import machine_code

TEXT = '''
declare double @pow(double, double)
@table = private constant [2 x double] [double FIRST, double 3.0]
define double @f(i64 %i) {
  %p = getelementptr [2 x double], ptr @table, i64 0, i64 %i
  %v = load double, ptr %p
  %r = call double @pow(double %v, double 2.0)
  ret double %r
}
'''
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
RESERVED, AT_THIS_ADDRESS = 0x4022, 0x100000

def fill_gaps():
    end = None
    for line in open("/proc/self/maps"):
        start, next_end = (int(x, 16) for x in line.split()[0].split("-"))
        if end is not None and 0x7f0000000000 < end < start < end + 2**36:
            libc.mmap(end, start - end, 0, RESERVED | AT_THIS_ADDRESS, -1, 0)
        end = next_end

machine_code.code(TEXT.replace("FIRST", "1.0"))
fill_gaps()
page = libc.mmap(None, 4096, 0, RESERVED, -1, 0)
libc.mmap(None, 2**33, 0, RESERVED, -1, 0)
fill_gaps()
libc.munmap(page, 4096)  # the only room above 8 GiB: one section finds it, the next is below
for k in range(2, 5):
    code = machine_code.code(TEXT.replace("FIRST", f"{k}.0"))
    f = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int64)(code.address("f"))
    assert (f(0), f(1)) == (k * k, 9.0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="it arranges memory by Linux's map of it")
def test_code_reaches_what_is_more_than_2_gib_away():
    done = subprocess.run([sys.executable, "-c", FAR_APART], cwd=ROOT, capture_output=True, text=True,
                          env=os.environ | {machine_code.CACHE_VARIABLE: ""})
    assert done.returncode == 0, done.stderr
