"""The commands and their arguments; what goes wrong becomes one line and an exit code."""

import argparse
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from ndarray.errors import MXNetError
from ndarray.text import printable
from symbolic import interrupt
from symbolic.cli import arrays, graphs, rules, steps
from symbolic.cli.engine import engine
from symbolic.cli.files import parse_dtype, parse_shape
from symbolic.engines import ENGINES

EXIT_CODES = "Exit codes: 0 done; 1 a file is broken or a command failed; 2 the command line is wrong."


def main(argv=None):
    """Run one command and return its exit code.

    Parameters
    ----------
    argv : list of str, optional
        The arguments; those of the process by default.
    """
    if sys.stdout is None:
        # The process was started without one; whatever is printed goes nowhere.
        sys.stdout = open(os.devnull, "w")
    options = parser().parse_args(argv)
    if hasattr(sys.stdout, "reconfigure"):
        # A terminal that lacks a letter must not make it fail.
        sys.stdout.reconfigure(errors="backslashreplace")
    with warnings.catch_warnings(), _ending_in_order():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *_: _complain(f"warning: {message}")
        try:
            code = options.run(options)
            sys.stdout.flush()
            return code or 0
        except BrokenPipeError:
            # Whoever read has read enough.  At exit Python would flush what is left, and fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except KeyboardInterrupt:
            return 130
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            _complain(f"{where}{error.strerror or error}")
        except (MXNetError, ImportError) as error:
            _complain(str(error))
        except MemoryError:
            _complain("not enough memory")
    return options.trouble


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """Let SIGTERM and Ctrl-C end the command by an exception, so that files are written whole or not at all."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    outside = signal.getsignal(signal.SIGINT)
    before = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        if outside is interrupt.end:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        yield
    finally:
        if outside is interrupt.end:
            signal.signal(signal.SIGINT, outside)
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def _complain(message):
    if sys.stderr is not None:
        print("symbolic: " + printable("; ".join(filter(None, map(str.strip, message.splitlines())))), file=sys.stderr)


def parser():
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="symbolic", description="Look at graphs, run, check and convert them.",
                                  epilog=EXIT_CODES)
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(run, help_, file="symbol JSON; - reads standard input", epilog=EXIT_CODES):
        made = commands.add_parser(run.__name__, help=help_, description=help_[:1].upper() + help_[1:] + ".",
                                   epilog=epilog)
        made.set_defaults(run=run, trouble=1)
        if file:
            made.add_argument("file", metavar="FILE", help=file)
        return made

    def add_types(made, dtype=True):
        made.add_argument("--shape", metavar="NAME=1,3,224,224", type=parse_shape, action="append", default=[],
                          help="shape of a variable; may be given several times")
        if dtype:
            made.add_argument("--dtype", metavar="[NAME=]DTYPE", type=parse_dtype, action="append", default=[],
                              help="element type of a variable, or of all")

    def add_run(made, default, what):
        made.add_argument("--args", metavar="ARRAYS", action="append", default=[],
                          help=".npz or .params file with values of variables; may be given several times")
        made.add_argument("--engine", choices=("auto", *ENGINES), default="auto",
                          help="engine that runs it (default: %(default)s)")
        made.add_argument("--steps", metavar="N", type=int, default=default, help=f"{what} (default: %(default)s)")

    def add_json(made):
        made.add_argument("--json", action="store_true", help="print JSON, for programs")

    made = command(graphs.show, "print a graph as a table and as a tree")
    add_types(made, dtype=False)
    add_json(made)
    made = command(graphs.draw, "draw a graph")
    made.add_argument("-o", "--output", metavar="OUT", required=True, help="picture: .svg, .png, .html, .dot or .mmd")
    add_types(made)
    made.add_argument("--no-collapse", action="store_true", help="draw every node, also where parts repeat")
    made = command(steps.run, "run a graph once, and write or list its outputs and the new values of its states")
    add_run(made, 1, "how many times to run it")
    made.add_argument("-o", "--output", metavar="OUT", help=".npz or .params file for outputs and states")
    add_json(made)
    made = command(steps.profile, "measure what each part of a graph takes, and look at its memory and values")
    add_run(made, 20, "how many steps to measure")
    made.add_argument("-o", "--output", metavar="OUT",
                      help="trace for Perfetto: .json; or picture: .html, .svg, .png or .dot")
    add_json(made)
    made = command(engine, "show what the fused engine knows of this machine", file=None)
    made.add_argument("--calibrate", action="store_true", help="measure again whether loops should fetch memory ahead")
    add_json(made)
    made = command(arrays.params, "list the arrays of a .params file", ".params file")
    add_json(made)
    made = command(graphs.code, "print the Python that declares a graph")
    made.add_argument("-o", "--output", metavar="OUT", help="file to write it to")
    made = command(graphs.check, "list every problem of a file with its location", "symbol JSON or .params file")
    add_json(made)
    made = command(graphs.diff, "list what differs between two graphs",
                   epilog="Exit codes: 0 equal; 1 different; 2 trouble.")
    made.set_defaults(trouble=2)
    made.add_argument("other", metavar="OTHER", help="symbol JSON that FILE is compared with; - reads standard input")
    made.add_argument("-o", "--output", metavar="OUT",
                      help="picture in which differences are coloured: .svg, .png, .html or .dot")
    add_json(made)
    made = command(rules.compare, "run a rule beside another library's, on the same updates", file=None,
                   epilog="Exit codes: 0 equal; 1 different, or there is none; 2 trouble.")
    made.set_defaults(trouble=2)
    made.add_argument("rule", metavar="RULE", help="rule, such as adam")
    made.add_argument("other", metavar="LIBRARY[:NAME]", help="torch:Adam, optax:adam, mxnet:Adam, authors:prodigy …")
    made.add_argument("--set", metavar="NAME=VALUE", type=rules.parse_setting, action="append", default=[],
                      help="setting of the rule, such as momentum=0.9; may be given several times")
    made.add_argument("--updates", metavar="N", type=int, help="how many updates to compare, at most 50")
    add_json(made)
    made = command(rules.states, "convert the states of a training to torch's, Optax's or MXNet's, and back", file=None)
    made = made.add_subparsers(title="what to do", metavar="convert", required=True).add_parser(
        "convert", help="write the states of one as the other's", epilog=EXIT_CODES)
    made.add_argument("source", metavar="SOURCE", help="folder of a training, or file of states of the other library")
    made.add_argument("-o", "--output", metavar="TARGET", required=True, help="the other one of the two")
    made.add_argument("--as", metavar="LIBRARY:NAME", dest="other", required=True,
                      help="torch:Adam, optax:adam, mxnet:Adam …")
    made.add_argument("--like", metavar="FOLDER", help="training whose step, parameters and rate a file's states get")
    made.add_argument("--num-update", metavar="N", type=int, help="how many updates were made, where a file lacks it")
    made.add_argument("--set", metavar="NAME=VALUE", type=rules.parse_setting, action="append", default=[],
                      help="option of torch's group, such as lr=0.001; may be given several times")
    made = command(arrays.ops, "list the operators, or document one", file=None)
    made.add_argument("name", metavar="NAME", nargs="?", help="operator")
    add_json(made)
    made = command(graphs.convert, "convert a graph to ONNX, or an old file to today's JSON")
    made.add_argument("-o", "--output", metavar="OUT", required=True, help="file: .onnx or .json")
    made.add_argument("--args", metavar="ARRAYS", action="append", default=[],
                      help=".npz or .params file with values that the ONNX model holds; may be given several times")
    add_types(made)
    return top
