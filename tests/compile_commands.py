#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""From what "make V=1" prints to compile_commands.json, on standard output."""
import json
import os
import re
import shlex
import sys

found = {}
for line in sys.stdin.read().replace("\\\n", " ").split("\n"):
    # "depbase=...; /bin/bash ./libtool ... --mode=compile gcc ... && mv ..."
    for command in re.split(r"&&|;", line):
        command = re.sub(r"`test -f '([^']*)' \|\| echo '([^']*)'`",
                         lambda m: "" if os.path.exists(m[1]) else m[2],
                         command)
        if " -c " not in command or ".c" not in command:
            continue
        words = shlex.split(command)
        if "--mode=compile" in words:
            words = words[words.index("--mode=compile") + 1:]
        sources = [w for w in words if w.endswith(".c")]
        if sources:
            source = os.path.abspath(sources[-1])
            found.setdefault(source, {"directory": os.getcwd(),
                                      "file": source, "arguments": words})
if not found:
    sys.exit("compile_commands: make shows no compiler; build first")
json.dump(list(found.values()), sys.stdout, indent=1)
