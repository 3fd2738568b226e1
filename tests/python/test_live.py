# SPDX-License-Identifier: MIT
"""Updates that fail, and waits that end."""
import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
import unittest

import numpy

import cute_shm

TEAR = """
import os, signal, sys, cute_shm
with cute_shm.open(sys.argv[1], "r+")["x"].updating() as w:
    w[0] = 99
    os.kill(os.getpid(), signal.SIGKILL)
"""


def setUpModule():
    # In the background of a shell it may be ignored, in children, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def run(program, *args, **options):
    return subprocess.Popen(
        [sys.executable, "-c", program, *args],
        stdout=subprocess.PIPE,
        text=True,
        **options
    )


class Failing(unittest.TestCase):
    def setUp(self):
        cute_shm.publish(
            "f",
            {"x": numpy.arange(12.0).reshape(3, 4), "one": numpy.zeros(1)},
            overwrite=True,
        ).close()
        self.array = cute_shm.shm_to_arrays("f")["x"]["data"]
        self.p = cute_shm.open("f", "r+")
        self.x = self.p["x"]

    def torn(self):
        return self.x._state()[3]

    def sealed(self):
        return self.x._state()[4]

    def tear(self):
        child = run(TEAR, "f")
        child.communicate()
        self.assertEqual(child.returncode, -signal.SIGKILL)
        self.assertTrue(self.torn())

    def failures(self):
        a = self.array
        yield IndexError, lambda: a.__setitem__(7, 1)
        yield IndexError, lambda: a.__setitem__([0, 1, 9], 1)
        yield IndexError, lambda: a.__setitem__((0, 0, 0), 1)
        yield IndexError, lambda: a.__setitem__("x", 1)
        yield ValueError, lambda: a.__setitem__(0, [1, 2, 3])
        yield ValueError, lambda: a.__setitem__(a > 5, [1, 2, 3])
        yield ValueError, lambda: a.__setitem__(0, "text")
        yield TypeError, lambda: a.__setitem__(0, object())
        yield ValueError, lambda: a.__iadd__(numpy.ones(5))
        yield TypeError, lambda: a.__iadd__(1j)
        yield ValueError, lambda: a.T.__setitem__(0, [1, 2])

    def test_a_failed_assignment_changes_nothing(self):
        self.assertTrue(self.sealed())
        # The first update has a writer and a time, whatever became of it.
        with self.assertRaises(IndexError):
            self.array[7] = 1
        for sealed in (True, False):
            before = self.x._state()[1:]
            for error, call in self.failures():
                with self.assertRaises(error):
                    call()
                self.assertEqual(self.x._state()[1:], before)
                self.assertEqual(self.sealed(), sealed)
                self.assertEqual(self.x.sequence % 2, 0)
            self.assertEqual(cute_shm.verify("f"), [])
            self.array[0, 0] = 5
        self.assertEqual(self.x.snapshot()[0].tolist(), [5, 1, 2, 3])

    def test_torn_until_all_of_it_is_written(self):
        self.tear()
        a, state = self.array, self.x._state()[1:]
        for error, call in self.failures():
            with self.assertRaises((error, cute_shm.TornError)):
                call()
        for call in (
            lambda: a.__setitem__(0, 1),
            lambda: a.__setitem__((0, 0), 1),
            lambda: a.__setitem__(slice(1, None), 1),
            lambda: a.__setitem__([0, 1, 1], 1),
            lambda: a.__setitem__(a >= 0, 1),
            lambda: a[:, :2].__setitem__(..., 1),
            lambda: a[::2].fill(1),
            lambda: numpy.broadcast_to(a[0], (3, 4), True).__setitem__(..., 1),
            lambda: a.__iadd__(1),
            lambda: self.x.updating().__enter__(),
            lambda: self.x.snapshot(),
            lambda: self.x.wait(0),
        ):
            with self.assertRaises(cute_shm.TornError):
                call()
            self.assertEqual(self.x._state()[1:], state)
            self.assertEqual(self.x.sequence % 2, 1)
        self.assertTrue(self.torn())
        for key, part in (
            (..., a),
            (slice(None), a.T),
            ((), a[::-1]),
            (slice(None), a.reshape(-1)),
        ):
            part[key] = 3
            self.assertFalse(self.torn())
            self.assertTrue((self.x.snapshot() == 3).all())
            self.tear()
        a.fill(4)
        self.assertFalse(self.torn())
        self.tear()
        self.x.update(5)
        self.assertFalse(self.torn())
        a += 1
        self.assertEqual(self.x.snapshot()[2, 3], 6)

    def test_an_update_of_the_program_that_fails(self):
        with self.assertRaises(KeyError):
            with self.x.updating() as w:
                w[0] = 7
                raise KeyError("stop")
        self.assertEqual(self.x.sequence, 2)
        self.assertEqual(self.x.snapshot()[0, 3], 7)
        # Given up before the program could write.
        update, _ = self.x._begin(self.x._view(), -1.0, True)
        self.assertEqual(self.x.sequence, 3)
        del update
        gc.collect()
        self.assertEqual(self.x.sequence, 4)

    def test_views_of_mode_r_plus(self):
        x = self.x
        x[1] = 7
        x[0, 1:3] = [5, 6]
        self.assertEqual(x.sequence, 4)
        view = x[1:]
        self.assertIsInstance(view, cute_shm.ShmArray)
        view[0, 0] = 8
        view += 1
        self.assertEqual(x.sequence, 8)
        self.assertEqual(x.snapshot()[1].tolist(), [9, 8, 8, 8])
        self.assertIs(type(x.snapshot()), numpy.ndarray)
        self.assertFalse(numpy.asarray(x).flags.writeable)
        with cute_shm.open("f") as p:
            with self.assertRaisesRegex(PermissionError, "mode 'r'"):
                p["x"][0] = 1
        with cute_shm.open("f", "c") as p:
            p["x"][0] = 1
            self.assertEqual(p["x"][0, 0], 1)
        self.assertEqual(x[0, 0], 0)
        self.assertEqual(x.sequence, 8)
        x.update(0, None)
        x.snapshot(None)
        self.assertEqual(x.wait(0, None), 10)

    def test_one_element(self):
        a = cute_shm.shm_to_arrays("f")["one"]["data"]
        a[0] = 3
        self.assertEqual(self.p["one"].snapshot().tolist(), [3])


class Waiting(unittest.TestCase):
    def setUp(self):
        arrays = {"a%d" % i: numpy.zeros(4) for i in range(300)}
        cute_shm.publish("w", arrays, overwrite=True).close()
        self.p = cute_shm.open("w", "r+")
        self.a = self.p["a0"]

    def test_ctrl_c(self):
        """(asyncio.run() itself takes a signal at its start for another.)"""
        for wait in ("wait(0)", "wait(0, 1e6)", "asyncio.run(changed())"):
            child = run(
                "import asyncio, cute_shm\n"
                "a = cute_shm.open('w')['a0']\n"
                "def wait(*args):\n"
                "    print('ready', flush=True)\n"
                "    a.wait(*args)\n"
                "async def changed():\n"
                "    print('ready', flush=True)\n"
                "    await a.changed()\n" + wait,
                stderr=subprocess.PIPE,
            )
            self.assertEqual(child.stdout.readline(), "ready\n")
            child.send_signal(signal.SIGINT)
            self.assertIn("KeyboardInterrupt", child.communicate()[1])

    def test_a_handler_that_goes_on(self):
        called = threading.Event()
        old = signal.signal(signal.SIGUSR1, lambda *_: called.set())
        self.addCleanup(signal.signal, signal.SIGUSR1, old)

        def work():
            os.kill(os.getpid(), signal.SIGUSR1)
            called.wait()
            self.a.update(1)

        thread = threading.Thread(target=work)
        thread.start()
        self.assertEqual(self.a.wait(0), 2)
        thread.join()

    def test_changed(self):
        async def main():
            self.assertEqual(threading.active_count(), 1)
            waits = [
                asyncio.ensure_future(self.p["a%d" % (i % 300)].changed(0))
                for i in range(400)
            ]
            ticks = 0
            while ticks < 5:
                await asyncio.sleep(0.001)
                ticks += 1
            for i in range(300):
                self.p["a%d" % i].update(i)
            self.assertEqual(await asyncio.gather(*waits), [2] * 400)
            self.assertEqual(await self.a.changed(0), 2)
            wait = asyncio.ensure_future(self.a.changed())
            await asyncio.sleep(0)
            self.a.update(3)
            self.assertEqual(await wait, 4)

        asyncio.run(main())
        self.assertEqual(threading.active_count(), 1)

    def test_timeouts(self):
        async def main():
            for timeout in (0, 0.001, 0.05):
                with self.assertRaises(cute_shm.TimeoutError) as e:
                    await self.a.changed(0, timeout)
                self.assertIn("/a0", str(e.exception))
                self.assertEqual(threading.active_count(), 1)
            both = await asyncio.gather(
                self.a.changed(0, 0.01),
                self.p["a1"].changed(timeout=0.01),
                return_exceptions=True,
            )
            self.assertIsInstance(both[1], TimeoutError)
            wait = asyncio.ensure_future(self.a.changed())
            await asyncio.sleep(0.01)
            self.assertEqual(threading.active_count(), 2)
            wait.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await wait
            self.assertEqual(threading.active_count(), 1)
            # Left to the end of the loop, which cancels it.
            asyncio.ensure_future(self.a.changed())
            await asyncio.sleep(0)

        asyncio.run(main())
        self.assertEqual(threading.active_count(), 1)

    def test_torn(self):
        cute_shm.publish("t", {"x": numpy.zeros(3)}, overwrite=True).close()
        x = cute_shm.open("t")["x"]

        async def main():
            wait = asyncio.ensure_future(x.changed())
            await asyncio.sleep(0)
            child = run(TEAR, "t")
            with self.assertRaises(cute_shm.TornError):
                await wait
            child.communicate()
            with self.assertRaises(cute_shm.TornError):
                await x.changed(0)
            # The odd number waits until it is repaired.
            wait = asyncio.ensure_future(x.changed(x.sequence))
            await asyncio.sleep(0)
            cute_shm.open("t", "r+")["x"].update(1)
            self.assertEqual(await wait % 2, 0)

        asyncio.run(main())

    def test_a_forked_child(self):
        async def main(timeout):
            try:
                await self.a.changed(0, timeout)
            except TimeoutError:
                return 7

        async def fork():
            wait = asyncio.ensure_future(self.a.changed())
            await asyncio.sleep(0)
            pid = os.fork()
            if pid == 0:
                try:
                    asyncio._set_running_loop(None)
                    os._exit(asyncio.run(main(0.01)))
                finally:
                    os._exit(1)
            self.assertEqual(os.waitpid(pid, 0)[1], 7 << 8)
            self.a.update(2)
            self.assertEqual(await wait, 2)

        asyncio.run(fork())

    def test_ragged(self):
        with cute_shm.publish("r", {"x": ["a"]}, overwrite=True) as p:
            with self.assertRaises(TypeError):
                p["x"].wait(0)
            with self.assertRaises(TypeError):
                asyncio.run(p["x"].changed())


if __name__ == "__main__":
    unittest.main()
