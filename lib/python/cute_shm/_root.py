# SPDX-License-Identifier: MIT
"""The folder in which this process looks for projects."""
import os
from pathlib import Path

_DEFAULT = Path(os.environ.get("CUTE_SHM_ROOT") or "/dev/shm")


class Project2Toml:
    """Where the projects are; assign ``root`` to use another folder.

    The name is that of the original package, which kept TOML files.

    Example::

        cute_shm.Project2Toml.get_path("demos").name       # -> 'cute-shm.demos'
    """

    root = _DEFAULT
    prefix = "cute-shm."

    @classmethod
    def get_path(cls, project):
        """The path of the segment of a project, which need not exist."""
        cls.root.mkdir(parents=True, exist_ok=True)
        return Path(cls.root) / (cls.prefix + project)

    @classmethod
    def list(cls):
        """{project: path of its segment}."""
        from . import _core

        return {
            fields["project"]: Path(fields["path"])
            for fields in _core.list(chosen(None))
        }


def chosen(root):
    """What the library gets for an argument 'root'."""
    if root is None and Project2Toml.root != _DEFAULT:
        root = Project2Toml.root
    return None if root is None else os.fspath(root)
