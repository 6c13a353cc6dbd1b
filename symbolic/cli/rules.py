"""Commands about update rules: ``compare`` and ``states``."""

import argparse
import json
from dataclasses import asdict


def parse_setting(text):
    """Return the name and the value in ``momentum=0.9``: a number, ``true``, ``false`` or text."""
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    try:
        found = json.loads(value)
    except ValueError:
        return name, value
    return name, found if isinstance(found, (bool, int, float)) else value


def compare(options):
    """Run a rule beside its counterpart; return 1 unless they are equal but for rounding."""
    from symbolic.parity.comparison import UPDATES, compare

    found = compare(options.rule, options.other, updates=options.updates or UPDATES, **dict(options.set))
    equal = found.verdict.startswith("equal")
    if options.json:
        facts = asdict(found) | {"verdict": found.verdict, "ulp": found.ulp if found.ulp < 1e30 else None}
        print(json.dumps(facts | {"default": found.default and found.default.verdict}, indent=2))
    else:
        print(found)
    return 0 if equal else 1


def states(options):
    """Convert the states of a training to those of another library, or back."""
    from symbolic.parity.files import convert

    convert(options.source, options.output, options.other, like=options.like, num_update=options.num_update,
            **dict(options.set))
