"""The site's settings: ``sphinx-build -W -n docs docs/_build`` makes it, from the docstrings and without a network."""

import configparser
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from numpydoc import docscrape_sphinx  # noqa: E402
from numpydoc.xref import DEFAULT_LINKS  # noqa: E402

from ndarray import errors  # noqa: E402

DEFAULT_LINKS.clear()  # to Python's own documentation, which lies beyond a network

# numpydoc compiles its template anew for each docstring, which takes a fifth of the time.
_environments = {}
_new_environment = docscrape_sphinx.SandboxedEnvironment
docscrape_sphinx.SandboxedEnvironment = lambda loader: _environments.setdefault(
    type(loader), _new_environment(loader=loader))

_setup = configparser.ConfigParser()
_setup.read(ROOT / "setup.cfg")

project = _setup["metadata"]["name"]
version = release = _setup["metadata"]["version"]
copyright = "the authors; Apache License 2.0"

extensions = ["sphinx.ext.autodoc", "numpydoc",
              *(f"docs.extensions.{name}" for name in ("api", "mathml", "names", "operators", "snippets"))]
exclude_patterns = ["_build"]
default_role = "py:obj"
add_module_names = False
python_use_unqualified_type_names = True
nitpicky = True

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_class_signature = "mixed"
autosummary_generate = False
numpydoc_show_class_members = False
numpydoc_xref_param_type = True
numpydoc_xref_ignore = "all"
_LINKED = """ndarray.NDArray ndarray.Context ndarray.params.Scalar ndarray.params.Scalars ndarray.params.Param
    ndarray.tensortype.TensorType ndarray.operator.Operator symbolic.Symbol symbolic.Executor symbolic.graph.graph.Graph
    symbolic.graph.node.Node symbolic.graph.node.Entry symbolic.show.plot.Plot symbolic.show.drawing.Drawing
    symbolic.diagnostics.profile.Profile symbolic.diagnostics.memory.MemoryUse symbolic.diagnostics.numerics.Numerics
    symbolic.save.json.limits.Limits symbolic.optimizers.Rule
    symbolic.optimizers.LayerwiseRule""".split()
_LINKED += [f"ndarray.errors.{name}" for name, value in vars(errors).items() if isinstance(value, type)]
numpydoc_xref_aliases = {full.rpartition(".")[2]: full for full in _LINKED}  # what the types of parameters link to

html_theme = "furo"
html_title = f"symbolic-ndarray {version}"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"navigation_with_keys": True}
pygments_style = "friendly"
pygments_dark_style = "one-dark"
