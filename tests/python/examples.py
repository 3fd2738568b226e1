# SPDX-License-Identifier: MIT
"""Examples in documentation: lines with "# -> VALUE" become checks."""
import re

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
    exec(compile(code, name, "exec"), names)
