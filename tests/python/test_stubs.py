# SPDX-License-Identifier: MIT
"""The stubs name what the package has, and mypy accepts programs."""
import ast
import contextlib
import inspect
import io
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap
import unittest

import numpy

import cute_shm
import examples

EXAMPLE = re.compile(r"^Example::\n\n(.*)", re.M | re.S)

PROGRAM = """
import numpy as np
import cute_shm

def load(project: str) -> float:
    with cute_shm.open(project) as p:
        a = p["x"]
        for name, node in p.items():
            if isinstance(node, cute_shm.Array):
                print(name, node.shape, node.dtype, node.attrs.get("unit"))
        return float(a[1:3].sum())

cute_shm.publish("p", {"x": np.zeros(3)}, attrs={"x": {"unit": "m"}})
cute_shm.load("q", "q.h5", progress=lambda done, total, n, path: None)
cute_shm.load("q", "q.h5", progress=True)

class Communicator:
    rank = 0
    def py2f(self) -> int:
        return 0

cute_shm.load("q", "q.h5", comm=Communicator(), scatter=True)
cute_shm.publish("p", {"x": 1}, progress=lambda done, total: None)

async def follow(a: cute_shm.Array) -> None:
    seen: int = a.wait(0, None)
    while True:
        seen = await a.changed(seen, timeout=1.5)
        a[0] = seen

with cute_shm.open("p") as p, p.reopen("r+") as w:
    w["x"].update(np.from_dlpack(p["x"]))
arrays: cute_shm.ArrayDict = {"a": np.zeros(3), "b": {"c": np.zeros(2)}}
with cute_shm.unlinked_arrays_to_shm("r", arrays):
    found: cute_shm.SharedArrayDict = cute_shm.shm_to_arrays("r")
    one: cute_shm.SharedArray = found["b"]["c"]
    one["data"][0] = 1
    print(one["meta"]["shape"])
"""
WRONG = (
    "import cute_shm\ncute_shm.open(3)\n",
    "import cute_shm\ncute_shm.load('p', 'p.h5', comm='world')\n",
)


def stubs():
    folder = os.path.dirname(cute_shm.__file__)
    with open(os.path.join(folder, "__init__.pyi")) as f:
        return ast.parse(f.read())


class Stubs(unittest.TestCase):
    def test_names(self):
        names = set()
        for node in stubs().body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                names.add(node.name)
            elif isinstance(node, ast.Assign):
                names.add(node.targets[0].id)
        public = {
            n
            for n in cute_shm.__all__
            if not inspect.ismodule(getattr(cute_shm, n))
        }
        self.assertEqual(public - names, set())
        self.assertEqual(
            {n for n in names if n[0] != "_"} - public - {"Shm"}, set()
        )

    def test_arguments(self):
        for node in stubs().body:
            if not isinstance(node, ast.FunctionDef):
                continue
            there = inspect.signature(getattr(cute_shm, node.name))
            args = node.args.posonlyargs + node.args.args
            args += node.args.kwonlyargs
            self.assertEqual(
                [a.arg for a in args], [*there.parameters], node.name
            )

    def test_docstrings(self):
        for name in cute_shm.__all__:
            thing = getattr(cute_shm, name)
            if inspect.isclass(thing) or inspect.isfunction(thing):
                self.assertTrue(thing.__doc__, name)
                for part, method in vars(thing).items():
                    if inspect.isfunction(method) and part[0] != "_":
                        self.assertTrue(method.__doc__, name + "." + part)

    def test_mypy(self):
        try:
            import mypy.api
        except ImportError:
            self.skipTest("mypy is missing")
        folder = os.path.dirname(os.path.dirname(cute_shm.__file__))
        with tempfile.TemporaryDirectory() as tmp:
            for text in (PROGRAM, *WRONG):
                status = 0 if text is PROGRAM else 1
                file = os.path.join(tmp, "program.py")
                with open(file, "w") as f:
                    f.write(text)
                done = subprocess.run(
                    [sys.executable, "-m", "mypy", "--strict", file],
                    cwd=tmp,
                    env=dict(os.environ, MYPYPATH=folder),
                    capture_output=True,
                    text=True,
                )
                self.assertEqual(
                    done.returncode, status, done.stdout + done.stderr
                )


def needs_hdf5(example):
    return ".h5" in example


class Examples(unittest.TestCase):
    """The examples of the docstrings run, and have the values they say."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)
        before = cute_shm.Project2Toml.root
        cute_shm.Project2Toml.root = pathlib.Path(folder.name) / "root"
        cute_shm.Project2Toml.root.mkdir()
        self.addCleanup(setattr, cute_shm.Project2Toml, "root", before)
        demo = {
            "joints": numpy.ones((100, 14)),
            "camera": numpy.zeros((9, 4, 4), "u1"),
        }
        attrs = {"demo_0/joints": {"unit": "rad"}}
        cute_shm.publish("demos", {"demo_0": demo}, attrs).close()
        try:
            cute_shm.export("demos", "demos.h5")
            self.hdf5 = True
        except NotImplementedError:
            self.hdf5 = False

    def test_all(self):
        for name in cute_shm.__all__:
            thing = getattr(cute_shm, name)
            error = inspect.isclass(thing) and issubclass(thing, Exception)
            if not (inspect.isclass(thing) or inspect.isfunction(thing)):
                continue
            found = EXAMPLE.search(inspect.getdoc(thing))
            if error and not found:
                continue
            with self.subTest(name):
                self.assertTrue(found, "no example")
                text = textwrap.dedent(found[1])
                if self.hdf5 or not needs_hdf5(text):
                    names = {"cute_shm": cute_shm, "numpy": numpy}
                    with contextlib.redirect_stdout(io.StringIO()):
                        examples.run(self, name, text, names)


if __name__ == "__main__":
    unittest.main()
