# SPDX-License-Identifier: MIT
"""A shell with job control, a tool that runs a command, and the command.

usage: job_control.py SEGMENT, with the tool in PATH.
"""
import os
import pty
import signal
import sys
import time

SEGMENT = sys.argv[1]


def start(command, alarm=0):
    """The tool leads a group of its own, in the foreground of the terminal."""
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        # As shells do: or the terminal would stop us for it.
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        # Ignored by what was started in the background of a script.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.alarm(alarm)
        os.execvp("cute-shm-load", ["cute-shm-load", "p", SEGMENT, "--",
                                    "sh", "-c", command])
    return pid


def take_terminal():
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.tcsetpgrp(0, os.getpgrp())


def go_on(pid):
    os.tcsetpgrp(0, pid)
    os.killpg(pid, signal.SIGCONT)


def wait(pid, what, name):
    status = os.waitpid(pid, os.WUNTRACED)[1]
    if not what(status):
        print("%s: wait status %#x" % (name, status))
        os._exit(1)
    return status


def exited(code):
    return lambda status: os.WIFEXITED(status) and \
        os.WEXITSTATUS(status) == code


def shell():
    """In a session of its own, on a terminal of its own."""
    for i in range(10):
        pid = start("kill -STOP $$; exit 5")
        wait(pid, os.WIFSTOPPED, "a command that stops itself")
        take_terminal()
        go_on(pid)
        wait(pid, exited(5), "and goes on")
    for i in range(10):
        pid = start("kill -TSTP 0; exit 6")
        wait(pid, os.WIFSTOPPED, "a group that is stopped")
        take_terminal()
        go_on(pid)
        wait(pid, exited(6), "and goes on")
    # What ends a stopped job comes to the command, too.
    pid = start("kill -STOP $$; exit 5")
    wait(pid, os.WIFSTOPPED, "a command that stops itself")
    take_terminal()
    os.kill(pid, signal.SIGTERM)
    os.kill(pid, signal.SIGCONT)
    wait(pid, os.WIFSIGNALED, "is ended")
    # A command in a group of its own, as an interactive shell is, gets the
    # terminal back.
    pid = start("""exec python3 -c '
import os, signal
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
os.setpgid(0, 0)
os.tcsetpgrp(0, os.getpid())
os.kill(os.getpid(), signal.SIGSTOP)
os._exit(7 if os.tcgetpgrp(0) == os.getpid() else 8)'""")
    wait(pid, os.WIFSTOPPED, "a shell that is suspended")
    take_terminal()
    go_on(pid)
    wait(pid, exited(7), "and has the terminal again")
    take_terminal()
    pid = start("trap 'exit 9' ALRM; sleep 20 & wait", alarm=1)
    wait(pid, exited(9), "an alarm")
    take_terminal()
    pid = start("kill -INT $$")
    wait(pid, lambda status: os.WIFSIGNALED(status) and
         os.WTERMSIG(status) == signal.SIGINT, "an interrupt")
    os._exit(0)


pid, fd = pty.fork()
if pid == 0:
    shell()
output = b""
while True:
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    output += data
if os.waitpid(pid, 0)[1] != 0:
    sys.exit(output.decode(errors="replace"))
