# SPDX-License-Identifier: MIT
"""Examples in documentation: lines with "# -> VALUE" become checks."""
import re

import numpy

VALUE = re.compile(r"^( *)(\S.*?) +# -> (.*)$", re.M)


def count(text):
    """How many values the text promises."""
    return len(VALUE.findall(text))


def run(test, name, text, names):
    """Run the text in these names; each value must have the repr it says."""

    def check(value, expected):
        test.assertEqual(repr(value), expected, name)

    code = VALUE.sub(lambda m: "%scheck((%s), %r)" % (m[1], m[2], m[3]), text)
    names["check"] = check
    # Scalars as "1.0", not as "np.float64(1.0)", which is NumPy 2's way.
    new = numpy.lib.NumpyVersion(numpy.__version__) >= "2.0.0"
    with numpy.printoptions(**{"legacy": "1.25"} if new else {}):
        exec(compile(code, name, "exec"), names)
