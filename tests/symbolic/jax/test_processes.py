"""Several processes on this machine: they join, agree to the bit on a vote, and end soon when one of them is gone."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("jax")

import symbolic.jax as sj
from ndarray.errors import DeviceError, ParamError
from symbolic.jax import launch

ROOT = Path(__file__).parents[3]

VOTE = '''
import jax, numpy as np
import symbolic as sym, symbolic.jax as sj

sj.initialize()
from jax.sharding import NamedSharding, PartitionSpec as P

# Gradients of four workers, split over the processes; each process has its own rows.
grads = np.random.default_rng(0).standard_normal((4, 1000)).astype("float32")
vote = sym.sign(sym.sum(sym.Cast(sym.sign(sym.var("g")), dtype="int8"), axis=0))
step = sj.function(sym.signsgd_update(sym.var("w"), sym.Cast(vote, dtype="float32"), lr=0.25, name="step"))
mesh = jax.make_mesh((jax.device_count(),), ("data",), axis_types=(jax.sharding.AxisType.Auto,))
rows = NamedSharding(mesh, P("data"))
share = 4 // jax.process_count()
mine = grads[jax.process_index() * share:][:share]
values = {"w": jax.device_put(np.zeros(1000, "float32"), NamedSharding(mesh, P())),
          "g": jax.make_array_from_process_local_data(rows, mine)}
run = jax.jit(step)
found = np.asarray(run(values)[0]["step_output"])
expected = -0.25 * np.sign(np.sign(grads).sum(axis=0))
print("devices", jax.device_count(), "equal", bool((found == expected).all()))
sums = [line for line in run.lower(values).compile().as_text().splitlines() if "all-reduce(" in line]
print("summed as", sums[0].split("=")[1].split("[")[0].strip())
'''

ENDING = '''
import os, sys
import jax, numpy as np
import symbolic.jax as sj

sj.initialize()
from jax.sharding import NamedSharding, PartitionSpec as P

mesh = jax.make_mesh((jax.device_count(),), ("data",), axis_types=(jax.sharding.AxisType.Auto,))
x = jax.make_array_from_process_local_data(NamedSharding(mesh, P("data")), np.ones(2, "float32"))
total = jax.jit(lambda x: x.sum())
for i in range(1_000_000):
    float(total(x))
    if i == 10 and jax.process_index() == 1:
        ENDS
'''


def run(tmp_path, text, n=2, stopped=launch.STOPPED, **more):
    program = tmp_path / "program.py"
    program.write_text(text)
    env = os.environ | {"PYTHONPATH": str(ROOT), "XLA_FLAGS": "", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-m", "symbolic.jax.launch", "-n", str(n), "--grace", "60", "--stopped", str(stopped)]
    return subprocess.run([*command, str(program)], env=env, capture_output=True, text=True, timeout=200, **more)


@pytest.mark.parametrize("n", [2, 4])
def test_a_vote_is_the_same_to_the_bit_and_travels_in_bytes(tmp_path, n):
    found = run(tmp_path, VOTE, n)
    assert found.returncode == 0, found.stderr
    lines = set(found.stdout.splitlines())
    assert {f"[{rank}] devices {n} equal True" for rank in range(n)} <= lines
    assert {f"[{rank}] summed as s8" for rank in range(n)} <= lines


@pytest.mark.parametrize(("ends", "status"), [
    ("os.kill(os.getpid(), 9)", 137), ("sys.exit(3)", 3), ("raise RuntimeError('boom')", 1)])
def test_the_others_end_when_one_is_gone(tmp_path, ends, status):
    start = time.monotonic()
    found = run(tmp_path, ENDING.replace("ENDS", ends))
    assert found.returncode == status, found.stderr
    assert time.monotonic() - start < 50  # of which most is starting; the error itself takes a fraction of a second
    # What the survivor's socket reports depends on how far the other one's system is.
    assert "[0] Traceback" in found.stderr
    assert re.search("Connection closed by peer|Connection reset by peer|Read error", found.stderr)


@pytest.mark.parametrize(("arguments", "message"), [
    (("127.0.0.1:1", 2, 2), "process_id must be from 0 to 1, got 2"),
    (("127.0.0.1:1", 0, 0), "num_processes must be from 1, got 0"),
    (("127.0.0.1:1", "2", 0), "num_processes must be an integer, got '2'"),
    (("127.0.0.1:1", 2, True), "process_id must be an integer, got True"),
])
def test_what_is_no_process_is_refused(arguments, message):
    with pytest.raises(ParamError, match=message):
        sj.initialize(*arguments)


def test_initialize_is_called_before_a_device_is_used():
    import jax

    jax.devices()
    with pytest.raises(DeviceError, match="before"):
        sj.initialize("127.0.0.1:1", 1, 0)


def test_an_address_that_is_taken_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        found = subprocess.run([sys.executable, "-c", f"import symbolic.jax as sj; sj.initialize({address!r}, 2, 0)"],
                               capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert found.returncode == 1 and f"DeviceError: initialize: another program uses the port of {address}" in (
        found.stderr)


def test_the_environment_is_checked(monkeypatch):
    monkeypatch.setenv("JAX_NUM_PROCESSES", "two")
    with pytest.raises(ParamError, match="JAX_NUM_PROCESSES is not an integer: 'two'"):
        sj.initialize()


def plain(tmp_path, text):
    """Write a program that needs no JAX, so that it starts at once."""
    program = tmp_path / "plain.py"
    program.write_text(text)
    return str(program)


def test_what_is_printed_is_passed_on_with_the_rank(tmp_path, capfd):
    program = plain(tmp_path, "import os, sys\nprint(os.environ['JAX_PROCESS_ID'], sys.argv[1:], __name__)\n"
                              "print('oh', file=sys.stderr)")
    assert launch.main(["-n", "3", program, "-n", "x"]) == 0
    out, err = capfd.readouterr()
    assert sorted(out.splitlines()) == [f"[{k}] {k} ['-n', 'x'] __main__" for k in range(3)]
    assert sorted(err.splitlines()) == [f"[{k}] oh" for k in range(3)]


def test_what_does_not_end_by_itself_is_killed(tmp_path, capfd):
    program = plain(tmp_path, "import os, sys, time\n"
                              "sys.exit('gone') if os.environ['JAX_PROCESS_ID'] == '1' else time.sleep(600)")
    assert launch.launch([program], grace=0.1) == 1
    said = "launch: process 1 ended with status 1; the others have 0.1 s to end"
    assert {*capfd.readouterr().err.splitlines()} == {"[1] gone", said}


@pytest.mark.parametrize(("text", "status", "how"), [
    ("import nothing_of_that_name", 1, "ended with status 1"), ("def f(:", 1, "ended with status 1"),
    ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", 137, "was ended by signal 9")],
    ids=["import", "syntax", "signal"])
def test_which_process_has_failed_is_named(tmp_path, capfd, text, status, how):
    program = plain(tmp_path, "import os, time\nif os.environ['JAX_PROCESS_ID'] == '0': time.sleep(600)\n"
                              f"exec({text!r})")
    assert launch.launch([program], grace=0.1) == status
    assert f"launch: process 1 {how}; the others have 0.1 s to end" in capfd.readouterr().err


EARLY = "; process 1 had come to the end of the program before, without the other; the others have 60 s to end"


@pytest.mark.parametrize(("ends", "status"), [("break", 134), ("os._exit(0)", 1)])
def test_a_process_that_ends_early_and_well_is_named(tmp_path, ends, status):
    """JAX ends all of them where one has waited in vain at its end; which of them is first, is chance."""
    text = ENDING.replace("sj.initialize()", "sj.initialize(shutdown_timeout_seconds=1)").replace("ENDS", ends)
    found = run(tmp_path, text)
    assert found.returncode == status, found.stderr
    assert re.search(r"launch: process \d (ended with status 1|was ended by signal 6)" + EARLY, found.stderr), found.stderr


def test_what_ends_together_and_then_fails_is_not_blamed(tmp_path, capfd):
    program = plain(tmp_path, "import atexit, os, time\nfrom pathlib import Path\nhere = Path(__file__).parent\n"
                              "(here / os.environ['JAX_PROCESS_ID']).touch()\n"
                              "while len(list(here.glob('[01]'))) < 2: time.sleep(0.01)\n"
                              "@atexit.register\ndef fail():\n    time.sleep(0.5)\n    os._exit(4)\n")
    assert launch.launch([program]) == 4
    assert re.fullmatch(r"launch: process [01] ended with status 4; the others have 5 s to end\n", capfd.readouterr().err)


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="the system does not say whether a process is stopped")
def test_a_process_that_is_stopped_is_named(tmp_path, capfd):
    """JAX takes it for dead after a while, and ends the others: these are not to blame."""
    program = plain(tmp_path, "import os, signal, sys, time\nfrom pathlib import Path\nhere = Path(__file__).parent\n"
                              "if os.environ['JAX_PROCESS_ID'] == '1':\n    (here / 'up').touch()\n"
                              "    os.kill(os.getpid(), signal.SIGSTOP)\n"
                              "while not (here / 'up').exists(): time.sleep(0.01)\ntime.sleep(0.3)\nos._exit(6)")
    assert launch.launch([program], grace=0.1) == 6
    said = "launch: process 0 ended with status 6; process 1 is stopped (SIGSTOP or SIGTSTP); the others have 0.1 s to end\n"
    assert capfd.readouterr().err == said


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="the system does not say whether a process is stopped")
def test_the_others_end_when_one_is_stopped(tmp_path):
    start = time.monotonic()
    found = run(tmp_path, ENDING.replace("ENDS", "os.kill(os.getpid(), 19)"), stopped=2)
    assert found.returncode == 137, found.stderr
    assert time.monotonic() - start < 50  # of which most is starting
    said = ["launch: process 1 has been stopped for 2 s (SIGSTOP or SIGTSTP), and is killed",
            "launch: process 1 was ended by signal 9; the others have 60 s to end"]
    assert [line for line in found.stderr.splitlines() if line.startswith("launch:")] == said
    assert "[0] Traceback" in found.stderr


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="the system does not say whether a process is stopped")
def test_a_process_may_be_stopped_for_a_while(tmp_path, capfd):
    """It is killed for one long stop, not for two short ones."""
    program = plain(tmp_path, "import os, signal, subprocess, sys, time\nif os.environ['JAX_PROCESS_ID'] == '1': sys.exit()\n"
                              "for k in range(2):\n"
                              "    wake = f'import os, time; time.sleep(0.8); os.kill({os.getpid()}, 18); time.sleep(2)'\n"
                              "    subprocess.Popen([sys.executable, '-c', wake])\n"
                              "    os.kill(os.getpid(), signal.SIGSTOP)\n"
                              "    time.sleep(0.8)\n")
    assert launch.launch([program], stopped=1.5) == 0
    assert capfd.readouterr().err == ""


JOINED = """
import jax, symbolic.jax as sj
sj.initialize()
print(jax.process_index(), jax.process_count(), jax.device_count())
"""


@pytest.mark.parametrize("variables", [
    {"SLURM_JOB_ID": "7", "SLURM_STEP_NODELIST": "localhost", "SLURM_NTASKS": "2", "SLURM_PROCID": "RANK",
     "SLURM_LOCALID": "RANK", "SLURM_STEP_NUM_NODES": "1"},
    {"OMPI_MCA_orte_hnp_uri": "1531576320.0;tcp://127.0.0.1,10.1.0.1:34911", "OMPI_COMM_WORLD_SIZE": "2",
     "OMPI_COMM_WORLD_RANK": "RANK", "OMPI_COMM_WORLD_LOCAL_RANK": "RANK"},
    {"JAX_COORDINATOR_ADDRESS": "127.0.0.1:PORT", "JAX_NUM_PROCESSES": "2", "JAX_PROCESS_ID": "RANK"}],
    ids=["srun", "mpirun", "others"])
def test_the_variables_of_a_launcher_are_enough(variables):
    port = str(launch._free_port())
    env = {k: v for k, v in os.environ.items() if not k.startswith(("JAX_", "SLURM_", "OMPI_"))}
    env |= {"PYTHONPATH": str(ROOT), "XLA_FLAGS": "", "JAX_PLATFORMS": "cpu", "JAX_COORDINATOR_PORT": port}
    started = [subprocess.Popen([sys.executable, "-c", JOINED], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env=env | {k: v.replace("RANK", str(rank)).replace("PORT", port)
                                           for k, v in variables.items()}) for rank in range(2)]
    try:
        ends = [process.communicate(timeout=120) for process in started]
    finally:
        for process in started:
            process.kill()
    assert [out for out, _ in ends] == ["0 2 2\n", "1 2 2\n"], ends


def test_ctrl_c_in_a_terminal_ends_all(tmp_path):
    """It reaches every process of the group, not only the launcher."""
    program = plain(tmp_path, "import time\nprint('up', flush=True)\ntime.sleep(600)")
    process = subprocess.Popen([sys.executable, "-m", "symbolic.jax.launch", program], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)}, start_new_session=True)
    for _ in range(2):
        process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_launcher_takes_its_processes_along(tmp_path, sent):
    program = plain(tmp_path, "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)")
    process = subprocess.Popen([sys.executable, "-m", "symbolic.jax.launch", program], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True)
    started = [int(process.stdout.readline().split()[1]) for _ in range(2)]
    process.send_signal(sent)
    process.communicate(timeout=60)
    assert process.returncode == 128 + sent
    for pid in started:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.parametrize(("arguments", "message"), [
    (["no.py"], "no.py: no such file"), (["-n", "0", "x"], "expected a number of processes from 1, got '0'"), ([], "program")])
def test_a_wrong_command_line(arguments, message, capsys):
    with pytest.raises(SystemExit) as ended:
        launch.main(arguments)
    assert ended.value.code == 2 and message in capsys.readouterr().err
