"""Names in single backticks: a link where something public is called so, code otherwise.

A callable's own arguments are never links, whatever else is called like them.  A dotted name that starts with
``ndarray.`` or ``symbolic.`` must lead somewhere.
"""

import builtins
import inspect
import re
from dataclasses import is_dataclass

from sphinx.util.nodes import make_refnode

from docs.extensions.updates import own_as_code
from ndarray.operator import Operator

PACKAGES = ("ndarray", "symbolic")
_PREFIXES = ("", "symbolic.", "ndarray.", "symbolic.optimizers.", "ndarray.errors.")


def own_names(what, name, obj):
    """Return the names of an object's arguments and attributes."""
    docs = [inspect.getdoc(obj) or ""]
    if what in ("method", "property", "attribute"):
        docs.append(_class_doc(name))
    lines = [found for doc in docs for found in re.findall(r"^([*\w]+(?:, [*\w]+)*)(?: : .*)?$(?=\n {4})", doc, re.M)]
    names = {part.strip(" *") for line in lines for part in line.split(",")}
    try:
        names |= set(inspect.signature(obj).parameters)
    except (TypeError, ValueError):
        pass
    return names | {*obj.names, *obj.params} if isinstance(obj, Operator) else names


def _class_doc(name):
    import importlib

    parts = name.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        for part in parts[cut:-1]:
            found = getattr(found, part, None)
        return inspect.getdoc(found) or ""
    return ""


def mark_own_names(app, what, name, obj, options, lines):
    """Write an object's own arguments as code, before anything makes links of them."""
    if what == "module":
        return
    lines[:] = own_as_code("\n".join(lines), own_names(what, name, obj)).split("\n")


def resolve(app, env, node, contnode):
    """Return a link to what a name means, code where it means nothing here, None where that is a mistake."""
    if node.get("refdomain") != "py":
        return None
    target, domain = node["reftarget"].removeprefix("~"), env.get_domain("py")
    for prefix in _PREFIXES:
        found = domain.objects.get(prefix + target)
        if found is not None:
            return make_refnode(app.builder, node["refdoc"], found.docname, found.node_id, contnode, prefix + target)
    if re.search(r"[._A-Z]", target):
        ends = {(o.docname, o.node_id): name for name, o in domain.objects.items() if name.endswith("." + target)}
        if len(ends) == 1:
            (docname, node_id), name = ends.popitem()
            return make_refnode(app.builder, node["refdoc"], docname, node_id, contnode, name)
    if target.partition(".")[0] in PACKAGES and "." in target:
        owner, _, attribute = target.rpartition(".")
        found = domain.objects.get(owner)
        if found is None or attribute not in own_names("attribute", target, None):
            return None
        # An attribute that its class documents.
        return make_refnode(app.builder, node["refdoc"], found.docname, found.node_id, contnode, owner)
    if node["reftype"] == "obj" or hasattr(builtins, target) or target.partition(".")[0] in ("numpy", "enum", "typing"):
        return contnode
    return None


def hide_signature(app, what, name, obj, options, signature, returns):
    """Show no arguments for a class that users do not call: one whose docstring has no parameters."""
    if what != "class" or not signature or is_dataclass(obj) or (
            re.search(r"^Parameters\n-+$", inspect.getdoc(obj) or "", re.M)):
        return None
    return "", returns


def setup(app):
    """Register with Sphinx."""
    app.connect("autodoc-process-signature", hide_signature)
    app.connect("autodoc-process-docstring", mark_own_names, priority=100)
    app.connect("missing-reference", resolve)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
