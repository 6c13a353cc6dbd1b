"""The command line of a benchmark that takes one number at most."""

import argparse


def number(description: str, name: str = "", default: int = 0) -> int:
    """Return the number that the command line gives, or its default; ``--help`` prints what the benchmark does.

    Parameters
    ----------
    description : str
        The benchmark's docstring.
    name : str, optional
        What the number is; without it, the benchmark takes none.
    default : int, optional
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    if name:
        parser.add_argument("number", metavar=name, nargs="?", type=int, default=default, help=f"default: {default}")
    return getattr(parser.parse_args(), "number", default)
