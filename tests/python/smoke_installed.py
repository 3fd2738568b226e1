# SPDX-License-Identifier: MIT
"""smoke_installed.py FOLDER: the package that is installed there works.

For "make installcheck" and for virtual environments.  Run in the build folder,
which must not be where the package comes from.
"""
import os
import subprocess
import sys
import tempfile

folder = os.path.realpath(sys.argv[1])
sys.path.pop(0)
if folder not in map(os.path.realpath, sys.path):
    print("%s does not look into %s by itself" % (sys.executable, folder))
    sys.path.insert(0, folder)
try:
    import numpy
except ImportError:
    print("skipped: %s has no NumPy" % sys.executable)
    sys.exit()
import cute_shm
from cute_shm import _projects

if os.path.dirname(os.path.dirname(cute_shm.__file__)) != folder:
    sys.exit("%s is not in %s" % (cute_shm.__file__, folder))
os.environ.pop("CUTE_SHM_READER", None)
READ = "import cute_shm; print(cute_shm.open('p')['g/x'][3])"
with tempfile.TemporaryDirectory() as root:
    os.environ["CUTE_SHM_ROOT"] = root
    arrays = {"g": {"x": numpy.arange(5.0)}}
    with cute_shm.publish("p", arrays, root=root, attrs={"g": {"y": 1}}) as p:
        assert p["g/x"][()].sum() == 10
    command = [sys.executable, "-c", READ]
    path = os.pathsep.join([folder, os.environ.get("PYTHONPATH", "")])
    env = dict(os.environ, PYTHONPATH=path.rstrip(os.pathsep))
    assert subprocess.check_output(command, env=env) == b"3.0\n"
    if _projects._hdf5 is not None:
        file = os.path.join(root, "p.h5")
        cute_shm.export("p", file, root)
        with cute_shm.load("q", file, root=root) as q:
            assert q["g"].attrs["y"] == 1
            assert q["g/x"][()].tolist() == arrays["g"]["x"].tolist()
        cute_shm.unlink("q", root)
    cute_shm.unlink("p", root)
    left = [name for name in os.listdir(root) if name != "p.h5"]
    assert not left, left
print("%s: cute_shm %s" % (cute_shm.__file__, cute_shm.__version__))
