# SPDX-License-Identifier: MIT
"""The stubs name what the package has, and mypy accepts programs."""
import ast
import inspect
import os
import subprocess
import sys
import tempfile
import unittest

import cute_shm

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
WRONG = "import cute_shm\ncute_shm.open(3)\n"


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

    def test_mypy(self):
        try:
            import mypy.api
        except ImportError:
            self.skipTest("mypy is missing")
        folder = os.path.dirname(os.path.dirname(cute_shm.__file__))
        with tempfile.TemporaryDirectory() as tmp:
            for text, status in ((PROGRAM, 0), (WRONG, 1)):
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


if __name__ == "__main__":
    unittest.main()
