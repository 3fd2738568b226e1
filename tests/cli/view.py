"""view.py SEGMENT COMMAND...: read "a" of the segment by h5py, run the command,
which updates it, and read it again."""
import subprocess
import sys

import h5py
import numpy

segment, command = sys.argv[1], sys.argv[2:]
file = h5py.File(segment, "r")
data = file["a"]
mapped = numpy.memmap(segment, data.dtype, "r", data.id.get_offset(),
                      data.shape)
print("before: %d, mapped %d" % (data[0], mapped[0]))
subprocess.check_call(command)
print("mapped: %d" % mapped[999])
data.refresh()
print("refreshed: %d" % data[999])
file.close()
with h5py.File(segment, "r") as file:
    print("opened again: %d" % file["a"][0])
try:
    h5py.File(segment, "r+")
    print("open for writing")
except OSError:
    print("not open for writing")
