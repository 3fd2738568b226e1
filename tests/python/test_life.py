# SPDX-License-Identifier: MIT
"""Lifetime, processes, and what is left behind."""
import copy
import gc
import itertools
import multiprocessing
import os
import pickle
import random
import resource
import signal
import subprocess
import sys
import threading
import unittest
import weakref

import numpy

import cute_shm


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def mappings():
    with open("/proc/self/maps") as maps:
        return sum(os.environ["CUTE_SHM_ROOT"] in line for line in maps)


def worker_sum(array, results):
    results.put((float(array[()].sum()), mappings(), array.attrs["unit"]))


def worker_many(nodes, results):
    results.put((len(nodes), mappings(), sum(int(n[()][0]) for n in nodes)))


class Lifetime(unittest.TestCase):
    def setUp(self):
        cute_shm.publish(
            "p",
            {"g": {"x": numpy.arange(1000.0)}},
            attrs={"g/x": {"unit": "m"}},
            overwrite=True,
        ).close()

    def test_deletion_in_any_order(self):
        names = ("project", "group", "array", "view", "part", "memory")
        for order in itertools.permutations(names):
            project = cute_shm.open("p")
            group = project["g"]
            array = group["x"]
            view = array[()]
            have = {
                "project": project,
                "group": group,
                "array": array,
                "view": view,
                "part": view[10:20].reshape(2, 5).T,
                "memory": memoryview(array),
            }
            mapping = weakref.ref(project._mapping)
            del project, group, array, view
            for name in order:
                for other in have:
                    value = have[other]
                    if other in ("view", "part"):
                        value.sum()
                    elif other == "array":
                        value[999]
                    elif other == "memory":
                        value[999]
                    del value
                if name == "project":
                    have[name].close()
                del have[name]
            self.assertIsNone(mapping())

    def test_random_orders(self):
        rng = random.Random(7)
        for _ in range(1000):
            have = [cute_shm.open("p", rng.choice(("r", "c", "r+")))]
            for _ in range(rng.randrange(12)):
                x = rng.choice(have)
                if isinstance(x, cute_shm.Project) and not x:
                    continue
                if isinstance(x, cute_shm.Group):
                    have.append(x.get("g/x") or x["x"])
                    have.append(x["/g"])
                elif isinstance(x, cute_shm.Array):
                    have.append(x[()])
                    have.append(numpy.asarray(x))
                    have.append([x, have[-1]])
                elif isinstance(x, numpy.ndarray) and x.size:
                    x.sum()
                    have.append(x[::2])
                if rng.random() < 0.2:
                    have.pop(
                        rng.randrange(len(have) - 1) + 1
                        if len(have) > 1
                        else 0
                    )
                if rng.random() < 0.1 and have:
                    getattr(have[0], "close", int)()
                if rng.random() < 0.02:
                    gc.collect()
                if not have:
                    break
            cycle = [have]
            have.append(cycle)
        del have, cycle, x
        gc.collect()
        self.assertEqual(mappings(), 0)

    def test_after_unlink(self):
        with cute_shm.open("p") as p:
            view = p["g/x"][()]
            cute_shm.unlink("p")
            self.assertFalse(p.is_current)
            self.assertEqual(p["g/x"][7], 7)
        self.assertEqual(view.sum(), 499500)

    def test_nothing_is_left(self):
        def one_round():
            with cute_shm.open("p") as p:
                a = p["g/x"]
                a[3:5], a.attrs["unit"], a.shape, a.dtype, a.parent, p.info
                numpy.asarray(a), memoryview(a), [*p.items()], [*p]
                p.visit(len)
                pickle.loads(pickle.dumps(a))[0]
                for wrong in (
                    lambda: p["q"],
                    lambda: a.attrs["q"],
                    lambda: a.update(1),
                ):
                    try:
                        wrong()
                    except cute_shm.Error:
                        pass
            with cute_shm.publish(
                "e",
                {"x": [1, 2], "t": ["a"]},
                attrs={"x": {"y": "z"}},
                ephemeral=True,
            ) as e:
                e["x"][0]
            try:
                cute_shm.publish("e", {"x": [1], "y": object()})
            except TypeError:
                pass
            cute_shm.verify("p")

        for _ in range(20):
            one_round()
        gc.collect()
        fds = descriptors()
        counts = [
            sys.getrefcount(x)
            for x in (
                None,
                True,
                cute_shm.Array,
                cute_shm.Group,
                numpy.dtype("<f8"),
            )
        ]
        before = sys.getallocatedblocks()
        for _ in range(1000):
            one_round()
        gc.collect()
        self.assertLess(sys.getallocatedblocks() - before, 500)
        self.assertEqual(descriptors(), fds)
        self.assertEqual(mappings(), 0)
        now = [
            sys.getrefcount(x)
            for x in (
                None,
                True,
                cute_shm.Array,
                cute_shm.Group,
                numpy.dtype("<f8"),
            )
        ]
        for old, new in zip(counts, now):
            self.assertLess(abs(new - old), 200)


class Pickling(unittest.TestCase):
    def setUp(self):
        arrays = {"a%03d" % i: numpy.full(100, i) for i in range(200)}
        arrays["big"] = numpy.ones(1 << 20)
        self.p = cute_shm.publish(
            "p", arrays, attrs={"big": {"unit": "m"}}, overwrite=True
        )

    def test_round_trip(self):
        for x in (self.p["big"], self.p["/"], self.p):
            data = pickle.dumps(x)
            self.assertLess(len(data), 400)
            self.assertEqual(pickle.loads(data), x)
            self.assertIs(
                type(pickle.loads(data)).__mro__[-2], type(x).__mro__[-2]
            )
            self.assertEqual(copy.deepcopy(x), x)
        self.assertEqual(
            cute_shm.open("p", "c").mode,
            pickle.loads(pickle.dumps(cute_shm.open("p", "c"))).mode,
        )

    def test_replaced(self):
        data = pickle.dumps(self.p["big"])
        del self.p
        cute_shm.publish("p", {"big": [1]}, overwrite=True)
        with self.assertRaisesRegex(FileNotFoundError, "replaced"):
            pickle.loads(data)

    def test_processes(self):
        for method in ("fork", "spawn", "forkserver"):
            context = multiprocessing.get_context(method)
            results = context.SimpleQueue()
            nodes = [self.p["a%03d" % i] for i in range(200)]
            for target, what, expected in (
                (worker_sum, self.p["big"], (float(1 << 20), 1, "m")),
                (worker_many, nodes, (200, 1, 19900)),
            ):
                child = context.Process(target=target, args=(what, results))
                child.start()
                self.assertEqual(results.get(), expected)
                child.join()
                self.assertEqual(child.exitcode, 0)

    def test_fork_leaves_the_project(self):
        child = multiprocessing.get_context("fork").Process(
            target=self.p.close
        )
        child.start()
        child.join()
        self.assertEqual(child.exitcode, 0)
        self.assertEqual(self.p["a005"][3], 5)


def hold(node, ready):
    view = node[()]
    ready.put(float(view[0]))
    signal.pause()


def hold_update(project, ready):
    with cute_shm.open(project, "r+") as p, p["x"].updating() as w:
        w[0] = 5
        ready.put(True)
        signal.pause()


class Killed(unittest.TestCase):
    """Workers that end by kill -9 leave nothing, and no lock."""

    def start(self, target, *args):
        context = multiprocessing.get_context("fork")
        ready = context.SimpleQueue()
        child = context.Process(target=target, args=(*args, ready))
        child.start()
        ready.get()
        return child

    def kill(self, child):
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        self.assertEqual(child.exitcode, -signal.SIGKILL)

    def test_readers(self):
        p = cute_shm.publish("k", {"x": numpy.ones(1000)}, overwrite=True)
        children = [self.start(hold, p["x"]) for _ in range(4)]
        for child in children:
            self.kill(child)
        self.assertEqual(p["x"][()].sum(), 1000)
        path = p.filename
        p.close()
        cute_shm.unlink("k", idle=True)
        self.assertFalse(os.path.exists(path))

    def test_writer(self):
        p = cute_shm.publish("k", {"x": numpy.ones(1000)}, overwrite=True)
        p.close()
        self.kill(self.start(hold_update, "k"))
        with cute_shm.open("k", "r+") as p:
            with self.assertRaises(cute_shm.TornError):
                p["x"].snapshot(timeout=1)
            p["x"].update(numpy.full(1000, 7), timeout=10)
            self.assertEqual(p["x"].snapshot().sum(), 7000)
            self.assertEqual(p["x"].sequence % 2, 0)


class Threads(unittest.TestCase):
    def test_one_project(self):
        """Each thread reads, drops, writes and reopens the same project."""
        arrays = {"a%d" % i: numpy.full(1000, i) for i in range(20)}
        p = cute_shm.publish("t", arrays, overwrite=True)
        wrong = []

        def work(seed):
            rng = random.Random(seed)
            try:
                for _ in range(200):
                    i = rng.randrange(20)
                    a = p["a%d" % i]
                    with cute_shm.open("t", "r+") as mine:
                        mine["a%d" % i].update(numpy.full(1000, i))
                    copied = a.snapshot()
                    again = pickle.loads(pickle.dumps(a))
                    if {*copied, a[3], again[-1], len([*p])} != {i, 20}:
                        wrong.append(i)
                    if rng.random() < 0.05:
                        gc.collect()
            except BaseException as e:
                wrong.append(e)

        threads = [
            threading.Thread(target=work, args=(seed,)) for seed in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_daemon_thread_at_exit(self):
        """A thread still reads when the interpreter ends: no crash."""
        code = (
            "import threading, time, cute_shm\n"
            "p = cute_shm.publish('d', {'x': [1.0] * 1000}, overwrite=True)\n"
            "started = threading.Event()\n"
            "def work():\n"
            "    while True:\n"
            "        p['x'].snapshot(); p['x'][()].sum(); started.set()\n"
            "threading.Thread(target=work, daemon=True).start()\n"
            "started.wait()\n"
        )
        for _ in range(5):
            done = subprocess.run(
                [sys.executable, "-X", "faulthandler", "-c", code],
                capture_output=True,
                text=True,
            )
            self.assertEqual((done.returncode, done.stderr), (0, ""))


class Many(unittest.TestCase):
    def test_few_descriptors(self):
        """100,000 arrays open in a process that may have 64 descriptors."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        data = numpy.arange(100)
        cute_shm.publish(
            "many",
            {
                "g%d" % g: {"a%d" % i: data[i : i + 1] for i in range(100)}
                for g in range(1000)
            },
            overwrite=True,
        ).close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
        try:
            with cute_shm.open("many") as p:
                nodes = [a for g in p.values() for a in g.values()]
                views = [a[()] for a in nodes]
            found = cute_shm.shm_to_arrays("many")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        self.assertEqual(len(views), 100000)
        self.assertEqual(sum(view.item() for view in views), 4950000)
        self.assertEqual(found["g999"]["a99"]["data"][0], 99)
        self.assertLessEqual(mappings(), 4)
        cute_shm.unlink("many")


if __name__ == "__main__":
    unittest.main()
