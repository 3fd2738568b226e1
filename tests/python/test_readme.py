# SPDX-License-Identifier: MIT
"""Each line of Python in README.md runs, with the values that it says."""
import contextlib
import io
import os
import re
import sys
import tempfile
import types
import unittest

import numpy

import cute_shm
import examples

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)


def read(name):
    with open(os.path.join(TOP, name), encoding="utf-8") as f:
        return f.read()


def tree():
    rng = numpy.random.default_rng(3)
    demo = {
        "joints": rng.random((20000, 14)),
        "camera": numpy.full((30, 24, 32, 3), 7, "u1"),
    }
    return {"demo_0": demo}, {"demo_0": {"success": 1.0}}


class Readme(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)
        arrays, attrs = tree()
        cute_shm.publish("demo", arrays, attrs, overwrite=True).close()
        self.addCleanup(cute_shm.unlink, "demo")

    def projects(self):
        return [info.project for info in cute_shm.list()]

    def run_blocks(self, blocks):
        """In one module, whose classes can be pickled; what they print."""
        module = types.ModuleType("readme")
        sys.modules["readme"] = module
        self.addCleanup(sys.modules.pop, "readme")
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            for block in blocks:
                examples.run(self, "README.md", block, module.__dict__)
        return said.getvalue()

    def test_first_lines(self):
        block = BLOCK.findall(read("README.md"))[0]
        self.assertEqual(
            self.run_blocks([block]),
            "(30, 24, 32, 3) uint8 {'success': 1.0}\nthe last image: 7.0\n",
        )

    def test_bootstrap_has_them(self):
        block = BLOCK.findall(read("README.md"))[0]
        lines = re.search(
            "lines_for_ours='(.*?)'$", read("bootstrap"), re.M | re.S
        )
        self.assertEqual(lines[1] + "\n", block)
        self.assertEqual(len(block.replace("\n\n", "\n").splitlines()), 5)

    def test_other_lines_of_bootstrap(self):
        lines = re.search(
            "lines_for_any='(.*?)'$", read("bootstrap"), re.M | re.S
        )
        self.assertRegex(
            self.run_blocks([lines[1]]),
            r"""^demo_0 <cute_shm group "/demo_0" .*> {'success': 1.0}\n$""",
        )

    def test_section(self):
        try:
            from cute_shm import _hdf5
        except ImportError:
            self.skipTest("the package has no HDF5")
        before = self.projects()
        cute_shm.export("demo", "demos.h5")
        blocks = BLOCK.findall(read("README.md"))[1:]
        self.assertGreater(len(blocks), 4)
        self.assertGreater(sum(map(examples.count, blocks)), 10)
        self.assertEqual(self.run_blocks(blocks), "")
        cute_shm.unlink("demos")
        self.assertEqual(self.projects(), before)


if __name__ == "__main__":
    unittest.main()
