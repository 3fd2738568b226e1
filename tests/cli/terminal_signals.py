# SPDX-License-Identifier: MIT
"""A command under cute-shm-hdf5, and what its terminal tells the two.

usage: terminal_signals.py FILE FOLDER, with the tool in PATH; writes to FOLDER.
"""
import os
import pty
import signal
import sys
import time

FILE, FOLDER = sys.argv[1:]
LIMIT = 120.0

# Says which signal it had; ends by itself only after a long time.
COMMAND = """
for s in HUP INT QUIT; do trap "echo $s >>'{log}'; exit 3" $s; done
echo started >>'{log}'
i=0; while [ $i -lt 200 ]; do sleep 0.1; i=$((i + 1)); done
"""


def words(log):
    try:
        with open(log) as f:
            return f.read().split()
    except OSError:
        return []


def wait_until(what):
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.02)
    return False


def run(name, before, act, expected):
    """The tool leads a session of its own terminal, as below 'ssh -t'."""
    log = os.path.join(FOLDER, name)
    pid, fd = pty.fork()
    if pid == 0:
        # Whoever ignores them, as nohup does, is told nothing.
        for number in signal.SIGHUP, signal.SIGINT, signal.SIGQUIT:
            signal.signal(number, signal.SIG_DFL)
        os.execvp("cute-shm-hdf5", ["cute-shm-hdf5", "p", FILE, "--"] + before +
                  ["sh", "-c", COMMAND.format(log=log)])
    if not wait_until(lambda: words(log)):
        sys.exit(name + ": has not started")
    act(fd)
    if not wait_until(lambda: len(words(log)) > 1):
        sys.exit(name + ": the command was told nothing")
    if words(log)[1] != expected:
        sys.exit("%s: the command was told %s" % (name, words(log)))
    if not wait_until(lambda: os.waitpid(pid, os.WNOHANG)[0] == pid):
        sys.exit(name + ": the tool has not ended")


def typed(key):
    return lambda fd: os.write(fd, key)


run("hangup", [], os.close, "HUP")
run("interrupt", [], typed(b"\x03"), "INT")
run("quit", [], typed(b"\x1c"), "QUIT")
run("session", ["setsid"], typed(b"\x03"), "INT")
run("session_hangup", ["setsid"], os.close, "HUP")
