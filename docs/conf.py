"""How the documentation is built: sphinx-build -W -b html docs docs/_build/html.

Sphinx with MyST was chosen because MkDocs 1 and its Material theme have lost their maintainers, and because
it reads the docstrings' cross-references and fails on a broken one. Nothing is fetched from the network.
"""

import os

# Compiled functions would be left out of the reference: read them as plain functions.
os.environ["NUMBA_DISABLE_JIT"] = "1"

import icsim

project = "icsim"
author = "The icsim founders"
version = release = icsim.__version__
project_copyright = author
language = "en-GB"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_default_options = {
    "members": True,
    "show-inheritance": True,
    "member-order": "bysource",
    # Each thing is described once, in the module that defines it, and not again where a package offers it.
    "ignore-module-all": True,
}
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
# In docstrings a single pair of backticks means code, as in Markdown.
default_role = "code"
# A reference to a function, method or module that is not there is an error. Classes are left out, because
# annotations name those of other libraries and type variables, which have no page here.
nitpicky = True
nitpick_ignore_regex = [("py:(class|data|obj|exc)", ".*")]

html_theme = "furo"
html_title = f"icsim {release}"
html_show_sphinx = False
