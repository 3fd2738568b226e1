# SPDX-License-Identifier: MIT
"""Updates for asyncio: a thread sleeps for many awaits, and ends with them."""
import os
import threading

from . import _core
from ._errors import TornError, failure

_lock = threading.Lock()
_sleepers = []


class _Sleeper:
    """A thread that waits for the arrays of up to _core.WATCHES awaits."""

    def __init__(self):
        self.waker = _core.Waker()
        self.waits = {}  # future: (node, since)
        self.thread = threading.Thread(
            target=self._run, name="cute_shm.changed", daemon=True
        )

    def _run(self):
        while True:
            with _lock:
                waits = tuple(self.waits.items())
                if not waits:
                    if self in _sleepers:
                        _sleepers.remove(self)
                    return
            try:
                found = _core.wait_any(
                    tuple(wait for _, wait in waits), self.waker
                )
            except Exception as error:
                for future, _ in waits:
                    self._deliver(future, None, error)
                continue
            if found is not None:
                which, sequence, torn = found
                future, (node, _) = waits[which]
                error = None
                if torn:
                    error = failure(
                        TornError.code,
                        "/%s is torn: its writer died in the middle; an update"
                        " of the whole array heals it" % node._path,
                    )
                self._deliver(future, sequence, error)

    def _deliver(self, future, sequence, error):
        with _lock:
            self.waits.pop(future, None)

        def set_result():
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(sequence)

        try:
            future.get_loop().call_soon_threadsafe(set_result)
        except RuntimeError:
            pass  # the loop was closed


def add(node, since, future):
    """Set the result of a future of asyncio at the next update."""
    with _lock:
        for sleeper in _sleepers:
            if len(sleeper.waits) < _core.WATCHES:
                sleeper.waits[future] = (node, since)
                break
        else:
            sleeper = _Sleeper()
            sleeper.waits[future] = (node, since)
            sleeper.thread.start()
            _sleepers.append(sleeper)
    sleeper.waker.wake()
    return sleeper


def remove(sleeper, future):
    """Forget the future; the thread ends if it has no more of them."""
    with _lock:
        sleeper.waits.pop(future, None)
        last = not sleeper.waits
        if last and sleeper in _sleepers:
            _sleepers.remove(sleeper)
    sleeper.waker.wake()
    if last:
        sleeper.thread.join()


def _forget():
    """In a forked child: the threads are the parent's."""
    global _lock
    _lock = threading.Lock()
    del _sleepers[:]


os.register_at_fork(after_in_child=_forget)
