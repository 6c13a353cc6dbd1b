"""A file is written whole or not at all, with its permissions and behind its links."""

import itertools
import os
import stat
import sys
import threading

import pytest

from ndarray import atomic
from ndarray.atomic import write_atomically

POSIX = pytest.mark.skipif(os.name != "posix", reason="permissions and links of POSIX")


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


@POSIX
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_new_file_has_the_permissions_of_the_umask(mask, tmp_path):
    former = os.umask(mask)
    try:
        write_atomically(tmp_path / "new", b"x")
    finally:
        os.umask(former)
    assert mode(tmp_path / "new") == 0o666 & ~mask


@POSIX
@pytest.mark.parametrize("own", [0o600, 0o640, 0o664])
def test_a_file_keeps_its_permissions(own, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(own)
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new" and mode(path) == own


@POSIX
def test_a_file_that_nobody_may_write_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "access", lambda *args: False)  # root may write everything
    with pytest.raises(PermissionError, match="file"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["file"]


@POSIX
@pytest.mark.parametrize("exists", [True, False])
def test_what_a_link_points_to_is_written(exists, tmp_path):
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "target", tmp_path / "link"
    if exists:
        target.write_bytes(b"old")
    link.symlink_to(os.path.join("folder", "target"))
    write_atomically(link, b"new")
    assert link.is_symlink() and target.read_bytes() == b"new" and os.listdir(tmp_path / "folder") == ["target"]


@POSIX
def test_a_link_to_itself_is_refused(tmp_path):
    (tmp_path / "link").symlink_to("link")
    with pytest.raises(OSError, match="link"):
        write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()


@POSIX
def test_a_pipe_is_written_to(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    found = []
    reader = threading.Thread(target=lambda: found.append(pipe.read_bytes()))
    reader.start()
    write_atomically(pipe, b"new")
    reader.join()
    assert found == [b"new"] and stat.S_ISFIFO(os.stat(pipe).st_mode)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(OSError, match="folder"):
        (tmp_path / "folder").mkdir()
        write_atomically(tmp_path / "folder", b"new")
    assert os.listdir(tmp_path) == ["folder"] and not os.listdir(tmp_path / "folder")


def test_long_names_can_be_written(tmp_path):
    write_atomically(tmp_path / ("n" * 250), b"x")
    assert os.listdir(tmp_path) == ["n" * 250]


def interrupted_at(moment):
    """Return a trace function that raises once, before a line of the module is run."""
    left = itertools.count(moment, -1)

    def trace(frame, event, _):
        if frame.f_code.co_filename != atomic.__file__:
            return None
        if event == "line" and next(left) == 0:
            raise KeyboardInterrupt
        return trace

    return trace


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_at_any_line_leaves_one_whole_file_and_is_an_interrupt(tmp_path):
    path, formerly = tmp_path / "file", sys.gettrace()
    for moment in itertools.count():
        path.write_bytes(b"old")
        sys.settrace(interrupted_at(moment))
        try:
            write_atomically(path, b"new")
        except KeyboardInterrupt:
            over = False
        else:
            over = True
        finally:
            sys.settrace(formerly)
        assert path.read_bytes() in (b"old", b"new") and os.listdir(tmp_path) == ["file"]
        if over:
            break
    assert moment > 20 and path.read_bytes() == b"new"
