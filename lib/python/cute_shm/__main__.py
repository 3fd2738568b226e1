# SPDX-License-Identifier: MIT
"""python3 -m cute_shm: the versions, and what the doctor says."""
import shutil
import subprocess
import sys

import numpy

from . import __file__ as where, __version__, _projects

print("cute_shm %s, %s" % (__version__, where))
print("Python %s, NumPy %s" % (sys.version.split()[0], numpy.__version__))
if _projects._hdf5 is None:
    print("without HDF5: load() and export() of HDF5 files do not work")
doctor = shutil.which("cute-shm-doctor")
if doctor is None:
    sys.exit("cute-shm-doctor is not in PATH")
sys.stdout.flush()
sys.exit(subprocess.call([doctor]))
