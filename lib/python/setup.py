# SPDX-License-Identifier: MIT
"""The package in a virtual environment, over an installed cute-shm:

    pip install --no-build-isolation ./lib/python

pkg-config says where the library is; PKG_CONFIG_PATH helps it.  "make install"
installs the package for the Python that configure found, without this.
"""
import atexit
import glob
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile

from setuptools import Extension, setup

here = os.path.dirname(os.path.abspath(__file__))


def pkg_config(*args):
    """What pkg-config says, or None."""
    command = os.environ.get("PKG_CONFIG", "pkg-config")
    try:
        done = subprocess.run([command, *args], stdout=subprocess.PIPE)
    except FileNotFoundError:
        sys.exit("%s is missing" % command)
    return done.stdout.decode().strip() if done.returncode == 0 else None


def installed_version():
    version = pkg_config("--modversion", "cute-shm")
    if version is None:
        sys.exit(
            "pkg-config knows no cute-shm: install it first, or set "
            "PKG_CONFIG_PATH to the folder of its cute-shm.pc"
        )
    return version


def limited_api():
    """One build serves 3.11 and all later versions, but free-threaded ones."""
    return sys.version_info >= (3, 11) and not sysconfig.get_config_var(
        "Py_GIL_DISABLED"
    )


def extension(name, sources, *packages):
    macros = [("_GNU_SOURCE", None)]
    if limited_api():
        macros.append(("Py_LIMITED_API", "0x030b0000"))
    libdir = pkg_config("--variable=libdir", packages[0])
    return Extension(
        "cute_shm." + name,
        sources,
        # The sources include "python/python_core.h".
        include_dirs=[os.path.dirname(here)],
        define_macros=macros,
        extra_compile_args=["-std=gnu11", "-fvisibility=hidden"]
        + pkg_config("--cflags", *packages).split(),
        extra_link_args=pkg_config("--libs", *packages).split(),
        runtime_library_dirs=[libdir],
        py_limited_api=limited_api(),
    )


def extensions():
    core = sorted({*glob.glob("python_*.c")} - {"python_hdf5.c"})
    result = [extension("_core", core, "cute-shm")]
    if pkg_config("--modversion", "cute-shm-hdf5") is not None:
        hdf5 = ["python_error.c", "python_hdf5.c"]
        result.append(extension("_hdf5", hdf5, "cute-shm-hdf5", "cute-shm"))
    if pkg_config("--modversion", "cute-shm-mpi") is not None:
        mpi = ["python_error.c", "mpi/python_mpi.c"]
        built = extension("_mpi", mpi, "cute-shm-mpi", "cute-shm")
        libs = pkg_config("--variable=mpi_libs", "cute-shm-mpi")
        built.extra_link_args += libs.split()
        result.append(built)
    return result


def options():
    """Nothing is written beside the sources."""
    scratch = tempfile.mkdtemp(prefix="cute-shm-build.")
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    result = {
        "build": {"build_base": os.path.join(scratch, "build")},
        "egg_info": {"egg_base": scratch},
    }
    if limited_api():
        result["bdist_wheel"] = {"py_limited_api": "cp311"}
    return result


os.chdir(here)
setup(
    name="cute-shm",
    version=installed_version(),
    description="Numerical arrays in shared memory, one copy for all processes",
    license="MIT",
    python_requires=">=3.9",
    install_requires=["numpy"],
    packages=["cute_shm"],
    package_data={"cute_shm": ["*.pyi", "py.typed"]},
    ext_modules=extensions(),
    options=options(),
    zip_safe=False,
)
