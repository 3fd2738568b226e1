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
import sys
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
        for method in ("fork", "spawn"):
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


class Many(unittest.TestCase):
    def test_few_descriptors(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        cute_shm.publish(
            "many",
            {"a%d" % i: numpy.array([i]) for i in range(20000)},
            overwrite=True,
        )
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
        try:
            with cute_shm.open("many") as p:
                views = {name: array[()] for name, array in p.items()}
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        self.assertEqual(len(views), 20000)
        self.assertEqual(views["a19999"][0], 19999)


if __name__ == "__main__":
    unittest.main()
