# SPDX-License-Identifier: MIT
#
# For configure: print, for its shell, where the header files of this Python
# are and where a package for it is installed below the prefix; or exit with a
# sentence that says why there can be none.
import os
import sys
import sysconfig


def main(prefix):
    if sys.version_info < (3, 9) or sys.implementation.name != "cpython":
        sys.exit(
            "Python %d.%d is not CPython 3.9 or later" % sys.version_info[:2]
        )
    include = sysconfig.get_path("include")
    if not os.path.exists(os.path.join(include, "Python.h")):
        sys.exit("Python.h is missing (python3-dev)")
    # Debian's Python looks into folders of its own below /usr.
    schemes = sysconfig.get_scheme_names()
    version = "python%d.%d" % sys.version_info[:2]
    folder = "lib/%s/site-packages" % version
    if prefix == "/usr/local" and "posix_local" in schemes:
        folder = "lib/%s/dist-packages" % version
    elif prefix == "/usr" and "deb_system" in schemes:
        folder = "lib/python3/dist-packages"
    # One build serves 3.11 and all later versions.
    api = "-DPy_LIMITED_API=0x030b0000" if sys.version_info >= (3, 11) else ""
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        api = ""
    print("PYTHON_CFLAGS='-isystem %s %s'" % (include, api))
    print("pythondir='${prefix}/%s'" % folder)


main(sys.argv[1])
