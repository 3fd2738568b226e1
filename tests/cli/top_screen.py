# SPDX-License-Identifier: MIT
"""cute-shm-top on a terminal: what it draws, when, and how it ends.

The tools are in PATH, and the root has a project "demo".
"""
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
PATIENCE = 60


class Terminal:
    """cute-shm-top, which leads a session on a terminal of its own."""

    def __init__(self, rows, columns, *arguments):
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            for number in (signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            self.fd = 1
            self.resize(rows, columns)
            os.environ["TERM"] = "xterm"
            os.execvp("cute-shm-top",
                      ["cute-shm-top", "--every", "0.05s", *arguments])
        self.modes = None

    def resize(self, rows, columns):
        size = struct.pack("4H", rows, columns, 0, 0)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, size)

    def read(self):
        try:
            self.seen += os.read(self.fd, 65536)
        except OSError:
            return False
        return True

    def until(self, pattern, what):
        """Read until it was seen; returns what came up to there."""
        end = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.seen, re.S)):
            if not self.read() or time.monotonic() > end:
                sys.exit("%s: not seen in %r" % (what, self.seen))
        ret, self.seen = (self.seen[:found.end()], self.seen[found.end():])
        return ret

    def local_modes(self):
        return termios.tcgetattr(self.fd)[3]

    def press(self, key):
        os.write(self.fd, key)

    def ended(self):
        while self.read():
            pass
        return os.waitpid(self.pid, 0)[1]


def widths(text):
    """Of the lines that were drawn, in columns."""
    lines = re.findall(rb"\x1b\[\d+;1H([^\x1b]*)\x1b\[K", text)
    return [len(line.decode()) for line in lines]


def draws_what_changes():
    top = Terminal(24, 80)
    first = top.until(rb"demo +11 .*\x1b\[K", "the project")
    assert ENTER in first, first
    assert max(widths(first)) <= 80, widths(first)
    assert not top.local_modes() & (termios.ICANON | termios.ECHO)
    subprocess.run(["update_project", "make", "more", "10"], check=True)
    more = top.until(rb"\x1b\[\d+;1Hmore +1 [^\x1b]*\x1b\[K", "another one")
    # The row of the first one has not changed, so it was not written again.
    assert b"demo" not in more, more
    subprocess.run(["cute-shm-unlink", "more"], check=True,
                   stdout=subprocess.DEVNULL)
    top.until(rb"\x1b\[\d+;1H\x1b\[K", "an empty row")
    top.press(b"q")
    top.until(re.escape(LEAVE), "the end of the screen")
    assert top.ended() == 0


def follows_the_size():
    top = Terminal(24, 80)
    top.until(rb"demo +11 ", "the project")
    top.resize(4, 30)
    top.until(re.escape(ENTER), "a new screen")
    text = top.until(rb"and 2 more\x1b\[K|demo +11 [^\x1b]*\x1b\[K", "rows")
    assert max(widths(text)) <= 30, widths(text)
    top.press(b"q")
    assert top.ended() == 0


def ends_by_signals():
    for number, key in ((signal.SIGINT, b"\x03"), (signal.SIGTERM, None)):
        top = Terminal(24, 80)
        top.until(rb"demo +11 ", "the project")
        if key:
            top.press(key)
        else:
            os.kill(top.pid, number)
        top.until(re.escape(LEAVE), "the end of the screen")
        assert top.local_modes() & termios.ICANON
        assert top.ended() == number


def stops_and_goes_on():
    top = Terminal(24, 80)
    top.until(rb"demo +11 ", "the project")
    os.kill(top.pid, signal.SIGTSTP)
    top.until(re.escape(LEAVE), "the end of the screen")
    assert os.WIFSTOPPED(os.waitpid(top.pid, os.WUNTRACED)[1])
    assert top.local_modes() & termios.ICANON
    os.kill(top.pid, signal.SIGCONT)
    top.until(re.escape(ENTER), "the screen again")
    top.until(rb"demo +11 ", "the project again")
    top.press(b"q")
    assert top.ended() == 0


def ends_with_its_terminal():
    top = Terminal(24, 80)
    top.until(rb"demo +11 ", "the project")
    os.close(top.fd)
    status = os.waitpid(top.pid, 0)[1]
    assert status in (0, 256, signal.SIGHUP), status


draws_what_changes()
follows_the_size()
ends_by_signals()
stops_and_goes_on()
ends_with_its_terminal()
