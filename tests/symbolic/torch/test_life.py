"""What a training with torch does with an optimizer: groups, schedules, states, odd tensors, failures."""

import copy
import inspect
import io
import os
import pickle
import threading
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook  # noqa: E402

import symbolic as sym  # noqa: E402
import symbolic.torch as st  # noqa: E402
from ndarray import registry  # noqa: E402
from ndarray.errors import MXNetError, NonFiniteError  # noqa: E402
from ndarray.kernels import machine_code  # noqa: E402
from ndarray.kernels.threads import pool  # noqa: E402
from symbolic.optimizers.rules import make_rule  # noqa: E402
from symbolic.torch.names import RULES, TORCH  # noqa: E402
from symbolic.torch.tensors import Like  # noqa: E402

NAMES = [name for name in (*TORCH, *RULES) if name in RULES or hasattr(torch.optim, name)]
OTHERS = sorted({st.optimizer(name).__name__ for name in registry.names() if (op := registry.get(name)).update
                 and op.compute.__module__.startswith("ndarray.ops.") and not make_rule(name).shared_states}
                .difference(NAMES))
"""The classes of operators whose rule has no name of its own here."""
PAIRS = [("AdamW", {}), ("SGD", {"momentum": 0.9, "weight_decay": 0.1}), ("Adam", {"amsgrad": True})]


def filled(*shape, seed=0, dtype=torch.float32):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def parameters(*shapes, dtype=torch.float32):
    return [torch.nn.Parameter(filled(*shape, seed=k, dtype=dtype)) for k, shape in enumerate(shapes)]


def walk(optimizer, params, steps=3, seed=10):
    for i in range(steps):
        for k, p in enumerate(params):
            p.grad = filled(*p.shape, seed=seed + 100 * i + k, dtype=p.dtype)
        optimizer.step()
        optimizer.zero_grad()


def equal(a, b):
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def both(name, options, prepare, shapes=((3, 4), (5,)), **more):
    """Return the parameters that ours and torch's optimizer give, `prepare` having made (parameters, run)."""
    found = []
    for module in (st, torch.optim):
        torch.manual_seed(0)
        extra = {"foreach": False} if module is torch.optim else {}
        params, run = prepare(lambda given, module=module, extra=extra: getattr(module, name)(given, **options, **extra,
                                                                                               **more))
        run()
        found.append([p.detach().clone() for p in params])
    return found


def same_way(name, options, prepare):
    ours, theirs = both(name, options, prepare)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=2e-5, atol=2e-6)


class Test_every_class:
    @pytest.mark.parametrize("name", NAMES)
    def test_is_a_torch_optimizer_that_pickles_and_copies(self, name):
        cls = getattr(st, name)
        assert issubclass(cls, torch.optim.Optimizer) and pickle.loads(pickle.dumps(cls)) is cls
        params = parameters((3, 4), (5,))
        optimizer = cls(params, lr=0.01)
        walk(optimizer, params)
        for made in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
            theirs = made.param_groups[0]["params"]
            assert equal(theirs, params)
            again = [p.detach().clone() for p in params]
            walk(made, theirs, seed=7)
            assert equal(params, again)  # the copy has its own

    @pytest.mark.parametrize("name", NAMES)
    def test_resumes_bit_for_bit(self, name):
        def run(resumed):
            params = parameters((3, 4), (5,), ())
            optimizer = getattr(st, name)(params, lr=0.01)
            walk(optimizer, params)
            if resumed:
                file = io.BytesIO()
                torch.save([optimizer.state_dict(), params], file)
                file.seek(0)
                saved, values = torch.load(file, weights_only=True)
                params = [torch.nn.Parameter(v.detach()) for v in values]
                optimizer = getattr(st, name)(params, lr=0.5)
                optimizer.load_state_dict(saved)
            walk(optimizer, params, seed=5)
            return params

        assert equal(run(True), run(False))

    @pytest.mark.parametrize("name", NAMES)
    def test_another_rate_decay_or_beta_compiles_nothing(self, name, monkeypatch):
        params = parameters((3, 4), (5,))
        optimizer = getattr(st, name)(params, lr=0.01)
        group = optimizer.param_groups[0]
        if name in ("Adam", "AdamW", "LAMB"):
            group["weight_decay"] = 0.1
        walk(optimizer, params)
        monkeypatch.setattr(machine_code, "code", lambda *_: pytest.fail("compiled"))
        for k in range(100):
            group["lr"] = 0.01 / (k + 1)
            if "betas" in group:
                group["betas"] = (0.9 - 0.001 * k, 0.99 - 0.001 * k)
            if group.get("weight_decay"):
                group["weight_decay"] = 0.01 * k + 0.001
            walk(optimizer, params, 1, seed=k)

    @pytest.mark.parametrize("name", NAMES)
    def test_refuses_what_it_does_not_know(self, name):
        with pytest.raises(TypeError, match="momentun"):
            getattr(st, name)(parameters((3,)), momentun=0.9)
        with pytest.raises(ValueError, match=r"Invalid learning rate: -1"):
            getattr(st, name)(parameters((3,)), lr=-1.0)
        with pytest.raises(RuntimeError, match="differentiable=True is not supported"):
            getattr(st, name)(parameters((3,)), differentiable=True)

    @pytest.mark.parametrize("name", NAMES)
    def test_takes_torchs_choices_of_a_loop_and_keeps_them_without_effect(self, name):
        found, known = [], inspect.signature(getattr(torch.optim, name, st.LAMB)).parameters
        for options in ({}, {"foreach": True}, {"foreach": False}, {"fused": True}):
            if not options.keys() <= known.keys():
                continue
            params = parameters((3, 4), (5,))
            optimizer = getattr(st, name)(params, lr=0.01, **options)
            walk(optimizer, params, 2)
            group = optimizer.state_dict()["param_groups"][0]
            assert all(group[key] is value for key, value in options.items())
            found.append(params)
        assert all(equal(found[0], params) for params in found[1:])
        assert len(found) >= 3
        with pytest.raises(RuntimeError if "capturable" in known else TypeError, match="capturable"):
            getattr(st, name)(parameters((3,)), capturable=True)

    @pytest.mark.parametrize("name", [*NAMES, *OTHERS])
    def test_refuses_what_torch_refuses_of_those_choices_in_groups_too(self, name):
        cls = getattr(st, name)
        known = inspect.signature(cls).parameters
        for refused in ({"capturable": True}, {"differentiable": True}, {"foreach": True, "fused": True}):
            if not refused.keys() <= known.keys():
                assert hasattr(torch.optim, name)  # which has no such choice either
                continue
            words = ".*".join(refused)
            with pytest.raises(RuntimeError, match=f"{words}|`fused` and `foreach`"):
                cls(parameters((3,)), **refused)
            with pytest.raises(RuntimeError, match=f"{name}: {words}"):
                cls([{"params": parameters((3,)), **refused}])
            optimizer = cls(parameters((3,)))
            with pytest.raises(RuntimeError, match=f"{name}: {words}"):
                optimizer.add_param_group({"params": parameters((3,)), **refused})
            assert len(optimizer.param_groups) == 1

    @pytest.mark.parametrize("name", NAMES)
    def test_bits_do_not_depend_on_how_tensors_are_grouped_or_which_have_a_gradient(self, name):
        shapes = [(3, 4), (5,), (70000,), (2, 3)]
        together, alone = parameters(*shapes), parameters(*shapes)
        optimizer = getattr(st, name)(together, lr=0.01)
        single = [getattr(st, name)([p], lr=0.01) for p in alone]
        for i in range(5):
            for k, (p, q) in enumerate(zip(together, alone)):
                if (i + k) % 3:
                    p.grad = filled(*p.shape, seed=10 * i + k)
                    q.grad = p.grad.clone()
            optimizer.step()
            for each in single:
                each.step()
            optimizer.zero_grad()
            for q in alone:
                q.grad = None
        assert equal(together, alone)


class Test_a_step:
    @pytest.mark.parametrize("name, options", PAIRS)
    def test_goes_torchs_way_with_groups_schedules_and_more_groups(self, name, options):
        def prepare(make):
            params = parameters((3, 4), (5,), (2, 2), (7,))
            optimizer = make([{"params": params[:1]}, {"params": params[1:3], "lr": 0.05, "weight_decay": 0.2}])
            schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)

            def run():
                for i in range(10):
                    if i == 4:
                        optimizer.add_param_group({"params": params[3:], "lr": 0.02})
                        schedule.base_lrs.append(0.02)
                    walk(optimizer, params[:3 + (i >= 4)], 1, seed=i)
                    optimizer.param_groups[0]["lr"] *= 0.9
                    optimizer.param_groups[1]["weight_decay"] *= 0.5

            return params, run

        same_way(name, options, prepare)

    @pytest.mark.parametrize("name, options", PAIRS)
    def test_follows_one_cycle_and_rates_that_are_tensors(self, name, options):
        def prepare(make):
            params = parameters((3, 4), (5,))
            optimizer = make(params)
            optimizer.param_groups[0]["lr"] = torch.tensor(0.01)
            momentum = {"cycle_momentum": True}
            schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=12, **momentum)

            def run():
                for i in range(10):
                    walk(optimizer, params, 1, seed=i)
                    schedule.step()

            return params, run

        same_way(name, options, prepare)

    def test_takes_a_closure_with_gradients_on(self):
        w, = parameters((3,))
        optimizer = st.AdamW([w], lr=0.1)

        def closure():
            optimizer.zero_grad()
            loss = (w * w).sum()
            loss.backward()
            return loss

        with torch.no_grad():
            first = optimizer.step(closure)
            assert optimizer.step(closure) < first

    def test_maximize_climbs(self):
        for name in NAMES:
            up, down = parameters((3,)), parameters((3,))
            a = getattr(st, name)(up, lr=0.01, maximize=True)
            b = getattr(st, name)(down, lr=0.01)
            for i in range(3):
                up[0].grad = filled(3, seed=i)
                down[0].grad = -up[0].grad
                a.step()
                b.step()
            assert equal(up, down), name

    def test_fires_each_hook_once_in_torchs_order(self):
        w, = parameters((3,))
        seen = []
        optimizer = st.SignSGD([w])
        optimizer.register_step_pre_hook(lambda *_: seen.append("before"))
        optimizer.register_step_post_hook(lambda *_: seen.append("after"))
        walk(optimizer, [w], 2)
        assert seen == ["before", "after"] * 2

    def test_calls_hooks_that_came_later_and_those_of_all_optimizers(self):
        w, = parameters((3,))
        seen = []
        optimizer = st.SGD([w], lr=0.5)
        walk(optimizer, [w], 1)
        everywhere = (register_optimizer_step_pre_hook(lambda *a: seen.append(("all before", a))),
                      register_optimizer_step_post_hook(lambda *a: seen.append(("all after", a))))
        optimizer.register_step_pre_hook(lambda o, args, options: (args, {"closure": lambda: 7.0}))
        loss = optimizer.step()
        for handle in everywhere:
            handle.remove()
        optimizer.step()
        assert loss == 7.0
        assert seen == [("all before", (optimizer, (optimizer,), {})),
                        ("all after", (optimizer, (optimizer,), {"closure": seen[1][1][2]["closure"]}))]

    def test_is_named_in_profiles_of_torch(self):
        w, = parameters((3,))
        optimizer = st.SignSGD([w])
        walk(optimizer, [w], 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Kineto tells of what it lacks.
            with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
                walk(optimizer, [w], 2)
        assert {e.key: e.count for e in profile.key_averages()}["Optimizer.step#SignSGD.step"] == 2

    @pytest.mark.parametrize("odd", [
        lambda w: w.sum(), lambda w: (w.t() * torch.ones(3, 2)).sum(), lambda w: (w * w.exp()).sum()],
        ids=["expanded", "in another order", "plain"])
    def test_takes_gradients_that_are_part_of_a_graph(self, odd):
        found = []
        for cls in (st.SGD, torch.optim.SGD):
            w = torch.nn.Parameter(filled(2, 3))
            optimizer = cls([w], lr=0.5, momentum=0.5, **({} if cls is st.SGD else {"foreach": False}))
            for _ in range(2):
                optimizer.zero_grad()
                loss = odd(w)
                w.grad, = torch.autograd.grad(loss, w, create_graph=True)
                optimizer.step()
            found.append(w.detach())
        assert torch.equal(*found)

    def test_bumps_versions_so_that_a_stale_backward_is_an_error(self):
        w, = parameters((3,))
        optimizer = st.AdamW([w])
        loss = (w.exp() * w).sum()
        before = w._version
        walk(optimizer, [w], 1)
        assert w._version > before and optimizer.state[w]["exp_avg"]._version > 0
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            loss.backward()

    def test_counts_the_updates_of_each_parameter_by_itself(self):
        paths = []
        for cls in (st.NAdam, torch.optim.NAdam):
            params = parameters((3,), (2, 2), (4,), dtype=torch.float64)
            optimizer = cls(params, lr=0.1)
            for i in range(60):
                for k, p in enumerate(params):
                    p.grad = filled(*p.shape, seed=i, dtype=p.dtype) if i % (1, 2, 7)[k] == 0 else None
                if i == 40:
                    optimizer.param_groups[0]["lr"] = 0.01
                optimizer.step()
            paths.append([p.detach() for p in params])
        for ours, theirs in zip(*paths):
            torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)

    def test_without_gradients_does_nothing(self):
        params = parameters((3,), (4,))
        optimizer = st.AdamW(params)
        optimizer.step()
        assert not optimizer.state and equal(params, parameters((3,), (4,)))

    def test_rate_zero_and_zero_gradients_change_no_bit(self):
        for name in NAMES:
            if name == "FTRL":
                continue  # it divides by the rate
            params = parameters((3, 4))
            optimizer = getattr(st, name)(params, lr=0.0)
            params[0].grad = torch.zeros_like(params[0])
            optimizer.step()
            assert equal(params, parameters((3, 4))), name

    def test_works_with_a_grad_scaler(self):
        params, plain = parameters((3,), (4,)), parameters((3,), (4,))
        optimizer, other = st.LAMB(params), st.LAMB(plain)
        scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, growth_interval=100)
        for bad in (False, True, False):
            loss = scaler.scale(sum((p * p).sum() for p in params))
            loss.backward()
            if bad:
                params[1].grad[0] = float("inf")
            kept = [p.detach().clone() for p in params]
            count = optimizer.state[params[0]].get("step", torch.tensor(0.0)).clone()
            scaler.step(optimizer)
            scaler.update()
            if bad:
                assert equal(params, kept) and optimizer.state[params[0]]["step"] == count
            else:
                for p in plain:
                    p.grad = 2 * p.detach()
                other.step()
            optimizer.zero_grad()
        assert equal(params, plain)

    @pytest.mark.parametrize("unscaled", [False, True])
    @pytest.mark.parametrize("name, options", [
        *PAIRS, ("Adagrad", {}), ("LAMB", {}), ("SignSGD", {"maximize": True}), ("AdamW", {"clip_norm": 0.5}),
        ("LARS", {"clip_norm": 0.5, "nonfinite": "raise"}), ("Lion", {"nonfinite": "skip"})])
    def test_divides_by_the_scalers_scale_within_the_step(self, name, options, unscaled):
        a, b = parameters((3, 4), (5,)), parameters((3, 4), (5,))
        mine, plain = getattr(st, name)(a, lr=0.1, **options), getattr(st, name)(b, lr=0.1, **options)
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0 ** 12, growth_interval=2)
        for k in range(5):
            for p, q in zip(a, b):
                q.grad = filled(*q.shape, seed=k)
                p.grad = q.grad * scaler.get_scale() if k else scaler.scale(q.grad)
            before = [p.grad.clone() for p in a]
            if unscaled:
                scaler.unscale_(mine)
            scaler.step(mine)
            scaler.update()
            plain.step()
            assert equal(a, b)  # powers of two round nothing
            assert unscaled or equal([p.grad for p in a], before)

    def test_is_skipped_where_the_scaler_found_infinity(self):
        for name, options in (("NAdam", {}), ("SGD", {"momentum": 0.9, "clip_norm": 1.0, "nonfinite": "raise"})):
            params = parameters((3,), (4,))
            optimizer = getattr(st, name)(params, **options)
            scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
            scaler.scale(torch.zeros(()))
            walk(optimizer, params, 2)
            kept, state = [p.detach().clone() for p in params], copy.deepcopy(optimizer.state_dict()["state"])
            params[0].grad, params[1].grad = torch.ones(3), torch.full((4,), float("nan"))
            scaler.step(optimizer)
            scaler.update()
            assert "the scaler" in optimizer.skipped and scaler.get_scale() == 512
            assert equal(params, kept)
            for k, saved in optimizer.state_dict()["state"].items():
                assert equal(saved.values(), state[k].values())
            walk(optimizer, params, 1)
            assert optimizer.skipped is None

    def test_follows_torchs_number_of_threads_unless_ours_is_set(self, monkeypatch):
        theirs, ours = torch.get_num_threads(), pool.threads
        found = [parameters((600, 600), (50,)) for _ in range(3)]
        try:
            monkeypatch.setattr(pool, "chosen", False)
            for n, params in zip((1, 3), found):
                torch.set_num_threads(n)
                walk(st.LAMB(params), params)
                assert sym.get_num_threads() == n
            sym.set_num_threads(2)
            walk(st.LAMB(found[2]), found[2])
            assert sym.get_num_threads() == 2
        finally:
            torch.set_num_threads(theirs)
            pool.resize(ours)
        assert equal(found[0], found[1]) and equal(found[0], found[2])

    def test_runs_within_a_compiled_function_outside_of_its_graph(self):
        paths = []
        for cls in (st.AdamW, torch.optim.AdamW):
            torch.manual_seed(0)
            module = torch.nn.Linear(3, 2)
            optimizer = cls(module.parameters(), lr=0.01)

            def train(inputs, module=module, optimizer=optimizer):
                module(inputs).square().sum().backward()
                optimizer.step()
                optimizer.zero_grad()

            # Of torch's own, the plain function: compiled, it computes its corrections in float32.
            run = torch.compile(train, backend="eager") if cls is st.AdamW else train
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Dynamo looks at what it should not.
                for _ in range(3):
                    run(torch.ones(1, 3))
            paths.append(list(module.parameters()))
            assert float(optimizer.state[module.weight]["step"]) == 3
        for ours, theirs in zip(*paths):
            torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)
        with pytest.raises(torch._dynamo.exc.Unsupported):
            torch.compile(st.SGD(module.parameters()).step, backend="eager", fullgraph=True)()
        torch._dynamo.reset()

    def test_updates_the_parameters_of_a_compiled_module(self):
        found = []
        for compiled in (False, True):
            torch.manual_seed(0)
            module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
            run = torch.compile(module, backend="eager") if compiled else module
            optimizer = st.AdamW(run.named_parameters(), lr=0.01, weight_decay=0.5, no_decay=["*.bias"])
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Dynamo looks at what it should not.
                for _ in range(3):
                    run(torch.ones(1, 3)).square().sum().backward()
                    optimizer.step()
                    optimizer.zero_grad()
            found.append(list(module.parameters()))
        assert equal(*found)
        torch._dynamo.reset()

    def test_two_optimizers_step_in_two_threads(self):
        def train(params):
            walk(st.LAMB(params), params, 20)

        found = [parameters((300, 300), (50,)) for _ in range(3)]
        threads = [threading.Thread(target=train, args=(params,)) for params in found[:2]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        train(found[2])
        assert equal(found[0], found[2]) and equal(found[1], found[2])

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
    def test_goes_on_in_a_child_of_fork(self):
        params, alone = parameters((300, 300)), parameters((300, 300))
        optimizer = st.AdamW(params)
        walk(optimizer, params)
        reader, writer = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", RuntimeWarning)  # of JAX, which other tests may have loaded
            child = os.fork()
        if not child:
            try:
                walk(optimizer, params, seed=5)
                os.write(writer, params[0].detach().numpy().tobytes())
            finally:
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as file:
            got = np.frombuffer(file.read(), np.float32)
        os.waitpid(child, 0)
        other = st.AdamW(alone)
        walk(other, alone)
        walk(other, alone, seed=5)
        assert np.array_equal(got, alone[0].detach().numpy().reshape(-1))


class Test_tensors:
    @pytest.mark.parametrize("name", ["AdamW", "LAMB", "SGD", "Signum"])
    @pytest.mark.parametrize("order", ["channels_last", "transposed", "column", "steps"])
    def test_in_any_order_are_updated_like_contiguous_ones(self, name, order):
        def arranged(x):
            if order == "channels_last":
                return x.contiguous(memory_format=torch.channels_last)
            if order == "transposed":
                return x.transpose(1, 3).contiguous().transpose(1, 3)
            wide = torch.zeros(*x.shape, 2)
            place = wide[..., 1] if order == "column" else torch.zeros(*x.shape[:3], 2 * x.shape[3])[..., ::2]
            return place.copy_(x)

        plain = torch.nn.Parameter(filled(2, 3, 4, 5))
        odd = torch.nn.Parameter(arranged(filled(2, 3, 4, 5)))
        strides = odd.stride()
        a, b = getattr(st, name)([plain], lr=0.01), getattr(st, name)([odd], lr=0.01)
        for i in range(4):
            plain.grad = filled(2, 3, 4, 5, seed=i + 1)
            odd.grad = plain.grad.clone() if i % 2 else arranged(plain.grad)
            a.step()
            b.step()
        assert odd.stride() == strides
        if name == "LAMB":  # norms are sums in the order of memory
            torch.testing.assert_close(odd, plain, rtol=1e-6, atol=1e-7)
        else:
            assert torch.equal(odd, plain)

    def test_with_expanded_or_strided_gradients(self):
        a, b = parameters((3, 4)), parameters((3, 4))
        for p, g in zip((a[0], b[0]), (torch.ones(()).expand(3, 4), torch.ones(3, 4))):
            p.grad = g
            st.Lion([p], lr=0.1).step()
        assert equal(a, b)
        a[0].grad = filled(4, 3).t()
        b[0].grad = a[0].grad.contiguous()
        for p in (a[0], b[0]):
            st.Lion([p], lr=0.1).step()
        assert equal(a, b)

    def test_with_lazily_negated_gradients(self):
        a, b = parameters((3,)), parameters((3,))
        a[0].grad = torch.randn(3, dtype=torch.complex64).conj().imag
        assert a[0].grad.is_neg()
        b[0].grad = a[0].grad.resolve_neg().clone()
        for params in (a, b):
            st.SignSGD(params, lr=0.1).step()
        assert equal(a, b)

    @pytest.mark.filterwarnings("ignore:Sparse invariant checks:UserWarning")
    @pytest.mark.parametrize("name", ["SGD", "Adagrad"])
    def test_with_sparse_gradients_go_torchs_way(self, name):
        def prepare(make):
            params = parameters((6, 3))
            optimizer = make(params)

            def run():
                for i in range(4):
                    rows = torch.tensor([[0, 2, 2]]) + i % 3
                    params[0].grad = torch.sparse_coo_tensor(rows, filled(3, 3, seed=i), (6, 3), check_invariants=True)
                    optimizer.step()

            return params, run

        same_way(name, {"lr": 0.1}, prepare)

    def test_with_sparse_gradients_are_refused_where_torch_refuses_them(self):
        params = parameters((6, 3), (2,))
        params[1].grad = torch.ones(2)
        params[0].grad = torch.sparse_coo_tensor([[1]], torch.ones(1, 3), (6, 3), check_invariants=True)
        optimizer = st.AdamW(params[::-1])
        with pytest.raises(RuntimeError, match="does not support sparse gradients"):
            optimizer.step()
        assert not optimizer.state and equal(params, parameters((6, 3), (2,)))

    @pytest.mark.parametrize("name", NAMES)
    def test_without_axes_or_elements(self, name):
        params = parameters((), (0, 3), (1,))
        optimizer = getattr(st, name)(params, lr=0.01)
        walk(optimizer, params)
        assert all(torch.isfinite(p).all() for p in params)

    def test_that_are_views_of_one_flat_buffer(self):
        flat = filled(100)
        plain = [torch.nn.Parameter(flat[:40].clone()), torch.nn.Parameter(flat[40:].clone())]
        views = [torch.nn.Parameter(flat[:40]), torch.nn.Parameter(flat[40:])]
        walk(st.AdamW(plain), plain)
        walk(st.AdamW(views), views)
        assert equal(plain, views) and torch.equal(flat, torch.cat([p.detach() for p in plain]))

    def test_that_share_memory_are_refused(self):
        flat = filled(100)
        views = [torch.nn.Parameter(flat[:60]), torch.nn.Parameter(flat[50:])]
        for p in views:
            p.grad = torch.ones_like(p)
        with pytest.raises(ValueError, match="parameter 0 and parameter 1 share memory"):
            st.SignSGD(views).step()
        assert torch.equal(flat, filled(100))

    def test_columns_of_one_buffer_do_not_share_memory(self):
        wide = filled(5, 2)
        views = [torch.nn.Parameter(wide[:, k]) for k in range(2)]
        plain = [torch.nn.Parameter(wide[:, k].clone()) for k in range(2)]
        walk(st.AdamW(views), views)
        walk(st.AdamW(plain), plain)
        assert equal(views, plain) and torch.equal(wide, torch.stack([p.detach() for p in plain], 1))

    def test_that_are_expanded_are_refused(self):
        p = torch.nn.Parameter(torch.zeros(1).expand(5))
        p.grad = torch.ones(5)
        with pytest.raises(ValueError, match="parameter 0 is expanded"):
            st.SignSGD([p]).step()
        p = torch.nn.Parameter(torch.zeros(10).as_strided((4, 3), (2, 1)))
        p.grad = torch.ones(4, 3)
        with pytest.raises(ValueError, match="parameter 0 is expanded"):
            st.SignSGD([p]).step()

    def test_of_which_others_have_a_gradient_need_no_other_program(self, monkeypatch):
        mine, other = parameters((3,), (4, 2), (5,), (1,)), parameters((3,), (4, 2), (5,), (1,))
        ours, theirs = st.AdamW(mine), torch.optim.AdamW(other)
        live = [[0, 1, 2, 3], [0], [1, 3], [2], [0, 1, 2, 3], [3]]
        for k, which in enumerate(live):
            if k == 1:
                monkeypatch.setattr("symbolic.torch.runner.Program", None)
            for optimizer, params in ((ours, mine), (theirs, other)):
                for i, p in enumerate(params):
                    p.grad = filled(*p.shape, seed=k) if i in which else None
                optimizer.step()
        for a, b in zip(mine, other):
            torch.testing.assert_close(a, b)

    @pytest.mark.parametrize("p, words", [
        (torch.zeros(3, dtype=torch.int64), "dtype torch.int64"),
        (torch.zeros(3, device="meta"), "device meta"),
        (torch.zeros(3, dtype=torch.bool), "dtype torch.bool"),
    ])
    def test_of_other_kinds_are_refused_before_anything_is_written(self, p, words):
        w, = parameters((3,))
        p = torch.nn.Parameter(p, requires_grad=False)
        p.grad, w.grad = torch.zeros_like(p), torch.ones(3)
        optimizer = st.AdamW([("first", w), ("second", p)])
        with pytest.raises(TypeError, match=f"second .*{words}"):
            optimizer.step()
        assert not optimizer.state and torch.equal(w, parameters((3,))[0])

    def test_of_inference_mode_are_refused_outside_of_it(self):
        """As torch refuses to change them in place; states are ordinary tensors wherever they are made."""
        with torch.inference_mode():
            p = torch.ones(3)
        w, = parameters((3,))
        optimizer = st.AdamW([("first", w), ("second", p)])
        w.grad, p.grad = torch.ones(3), torch.ones(3)
        with pytest.raises(ValueError, match="^second is an inference tensor"):
            optimizer.step()
        assert not optimizer.state and torch.equal(w, parameters((3,))[0]) and torch.equal(p, torch.ones(3))
        with torch.inference_mode():
            optimizer.step()
            wrong = torch.zeros(3)
        assert not torch.equal(p, torch.ones(3))
        with pytest.raises(ValueError, match="^second is an inference tensor"):
            optimizer.step()
        p.grad = None
        optimizer.step()
        assert optimizer.state[w]["step"] == 2
        before, optimizer.state[w]["exp_avg"] = w.detach().clone(), wrong
        with pytest.raises(ValueError, match="^the state exp_avg of first is an inference tensor"):
            optimizer.step()
        assert torch.equal(w, before) and optimizer.state[w]["step"] == 2

    def test_that_got_other_memory_or_other_groups_are_found(self):
        a, b = parameters((30, 40), (5,)), parameters((30, 40), (5,))
        mine, other = st.AdamW(a), st.AdamW(b)
        walk(mine, a)
        walk(other, b)
        a[0].data = a[0].data.clone()
        mine.state[a[1]]["exp_avg"] = mine.state[a[1]]["exp_avg"].clone()
        mine.state[a[0]]["step"] = mine.state[a[0]]["step"].clone()
        walk(mine, a)
        walk(other, b)
        assert equal(a, b)
        replaced = torch.nn.Parameter(a[1].detach().clone())
        mine.state[replaced] = mine.state.pop(a[1])
        a[1] = mine.param_groups[0]["params"][1] = replaced
        walk(mine, a)
        walk(other, b)
        assert equal(a, b)

    @pytest.mark.parametrize("how", ["looks", "guards", "questions"])
    def test_are_seen_to_have_changed(self, monkeypatch, how):
        if how != "looks":
            monkeypatch.setattr("symbolic.torch.tensors.looks", lambda: None)
        if how == "questions":
            monkeypatch.setattr("symbolic.torch.tensors.TensorGuards", None)
        zeros = torch.zeros(2, 2)
        like = Like([zeros, torch.zeros(3)])
        assert like([torch.ones(2, 2), torch.ones(3)])
        for other in (None, zeros.double(), zeros[:1], torch.zeros(4, 2)[::2], zeros.t().contiguous().t()[:, :1],
                      torch._neg_view(zeros), zeros.to_sparse(), torch.zeros(2, 2, device="meta"), torch.nn.Parameter(zeros)):
            assert not like([other, torch.ones(3)]), other

    def test_gradients_are_not_kept(self):
        import weakref

        w, = parameters((300, 300))
        optimizer = st.LAMB([w], clip_norm=1.0)
        for _ in range(2):
            w.grad = torch.ones_like(w)
            gone = weakref.ref(w.grad)
            optimizer.step()
            optimizer.zero_grad()
            assert gone() is None

    def test_steps_add_no_memory(self):
        w = torch.nn.Parameter(torch.zeros(2, 3, 100, 100).contiguous(memory_format=torch.channels_last))
        optimizer = st.LAMB([w])
        walk(optimizer, [w], 2)
        address, moments = w.data_ptr(), optimizer.state[w]["exp_avg"].data_ptr()
        walk(optimizer, [w], 2)
        assert (address, moments) == (w.data_ptr(), optimizer.state[w]["exp_avg"].data_ptr())
        assert optimizer.state[w]["exp_avg"].stride() == w.stride()


class Test_states:
    def test_keep_another_dtype_than_the_parameters(self):
        cls = st.optimizer("sgld")
        w, = parameters((3,))
        optimizer = cls([w], lr=0.1)
        walk(optimizer, [w], 1)
        key = optimizer.state[w]["key"]
        assert key.dtype == torch.int64
        other = cls([w], lr=0.1)
        other.load_state_dict(optimizer.state_dict())
        assert other.state[w]["key"].dtype == torch.int64 and other.state[w]["key"] == key

    def test_keep_it_when_a_hook_replaces_what_is_loaded(self):
        w, = parameters((3,), dtype=torch.bfloat16)
        optimizer = st.AdamW([w], precision="master")
        walk(optimizer, [w], 1)
        saved, seen = copy.deepcopy(optimizer.state_dict()), []
        optimizer.register_load_state_dict_pre_hook(lambda *_: saved)
        optimizer.register_load_state_dict_post_hook(lambda o: seen.append(o.state[w]["weight32"].dtype))
        empty = st.AdamW([w], precision="master").state_dict()
        walk(optimizer, [w], 1)
        for _ in range(2):
            optimizer.load_state_dict(empty)
            assert torch.equal(optimizer.state[w]["weight32"], saved["state"][0]["weight32"])
        assert seen == [torch.float32] * 2

    def test_saved_before_a_load_do_not_change_with_the_steps_after_it(self):
        w, = parameters((3,))
        optimizer = st.AdamW([w])
        walk(optimizer, [w], 5)
        five = copy.deepcopy(optimizer.state_dict())
        walk(optimizer, [w], 2)
        seven = optimizer.state_dict()
        optimizer.load_state_dict(five)
        walk(optimizer, [w], 1)
        assert seven["state"][0]["step"] == 7 and optimizer.state[w]["step"] == 6

    def test_of_older_versions_have_a_number_as_step(self):
        w, v = parameters((3,))[0], parameters((3,))[0]
        optimizer, other = st.AdamW([w]), st.AdamW([v])
        walk(optimizer, [w])
        old = copy.deepcopy(optimizer.state_dict())
        old["state"][0]["step"] = 3
        del old["param_groups"][0]["amsgrad"], old["param_groups"][0]["maximize"]
        walk(optimizer, [w])
        other.load_state_dict(old)
        v.data.copy_(w.data)
        assert other.param_groups[0]["amsgrad"] is False
        w.grad = v.grad = torch.ones(3)
        assert float(other.state[v]["step"]) == 3
        other.step()
        assert float(other.state[v]["step"]) == 4

    @pytest.mark.parametrize(("state", "words"), [
        (torch.zeros(4).to_sparse(), "sparse"), ([1, 2], "expected a tensor"),
        (torch.zeros(4, device="meta"), "meta"), (torch.zeros(4, dtype=torch.int64), "int64"),
        (torch.zeros(1).expand(4), "expanded"), (torch.zeros(3), "shape"), (torch.zeros(4, dtype=torch.complex64),
                                                                            "complex64")])
    def test_that_others_have_put_there_are_refused_before_anything_is_written(self, state, words):
        w, = parameters((4,))
        optimizer = st.AdamW([w])
        walk(optimizer, [w])
        before, optimizer.state[w]["exp_avg"] = w.detach().clone(), state
        w.grad = torch.ones(4)
        with pytest.raises(ValueError, match=f"exp_avg of parameter 0 .*{words}"):
            optimizer.step()
        assert torch.equal(w, before) and optimizer.state[w]["step"] == 3

    def test_that_are_large_begin_with_zeros_in_the_order_of_their_parameter(self):
        w = torch.nn.Parameter(torch.ones(8, 64, 32, 32).contiguous(memory_format=torch.channels_last))
        v = torch.nn.Parameter(torch.ones(1000, 500, dtype=torch.bfloat16))
        z = torch.nn.Parameter(torch.ones(100, dtype=torch.complex64))
        mine, other = (module.AdamW([p.detach().clone().requires_grad_() for p in (w, v, z)], lr=0.0)
                       for module in (st, torch.optim))
        for optimizer in (mine, other):
            for p in optimizer.param_groups[0]["params"]:
                p.grad = torch.ones_like(p)
            optimizer.step()
        for ours, theirs in zip(mine.state.values(), other.state.values()):
            for key, t in theirs.items():
                assert ours[key].stride() == t.stride() and ours[key].dtype == t.dtype
                torch.testing.assert_close(ours[key], t)

    def test_are_views_of_one_vector_of_steps(self):
        params = parameters((3,), (4,))
        optimizer = st.AdamW(params)
        walk(optimizer, params)
        first, second = (optimizer.state[p]["step"] for p in params)
        assert first.untyped_storage().data_ptr() == second.untyped_storage().data_ptr()
        assert first.dtype == torch.float32 and first.shape == ()


class Test_our_options:
    def named(self):
        module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2))
        for k, p in enumerate(module.parameters()):
            p.data.copy_(filled(*p.shape, seed=k))
        return module

    def test_no_decay_by_name(self):
        a, b = self.named(), self.named()
        mine = st.AdamW(a.named_parameters(), lr=0.1, weight_decay=0.5, no_decay=["*.bias"])
        biases = [p for name, p in b.named_parameters() if name.endswith("bias")]
        rest = [p for name, p in b.named_parameters() if not name.endswith("bias")]
        other = st.AdamW([{"params": rest}, {"params": biases, "weight_decay": 0.0}], lr=0.1, weight_decay=0.5)
        walk(mine, list(a.parameters()))
        walk(other, list(b.parameters()))
        assert equal(a.parameters(), b.parameters())

    def test_no_lars_by_name_is_plain_momentum(self):
        a, b = self.named(), self.named()
        mine = st.LARS(a.named_parameters(), lr=0.1, momentum=0.9, no_lars="*.bias")
        other = st.optimizer("sgd_mom_update")(b.parameters(), lr=0.1, momentum=0.9)
        walk(mine, list(a.parameters()))
        walk(other, list(b.parameters()))
        for (name, p), q in zip(a.named_parameters(), b.parameters()):
            assert torch.equal(p, q) == name.endswith("bias")

    def test_patterns_need_names_that_there_are(self):
        with pytest.raises(TypeError, match="named_parameters"):
            st.AdamW(self.named().parameters(), no_decay=["*.bias"])
        with pytest.raises(KeyError, match="0.bais.*did you mean '0.bias'"):
            st.AdamW(self.named().named_parameters(), no_decay=["0.bais"])
        optimizer = st.AdamW(self.named().named_parameters(), no_decay=["*.bias"])
        with pytest.raises(ValueError, match="names"):
            optimizer.add_param_group({"params": parameters((3,))})
        assert len(optimizer.param_groups) == 1

    @pytest.mark.parametrize("bound", [0.5, 1e6])
    @pytest.mark.parametrize("name", ["AdamW", "LAMB", "SignSGD", "SGD"])
    def test_clip_norm_is_torchs_clipping_before_the_step(self, name, bound):
        a, b = parameters((3, 4), (5,), (0,)), parameters((3, 4), (5,), (0,))
        mine, other = getattr(st, name)(a, lr=0.1, clip_norm=bound), getattr(st, name)(b, lr=0.1)
        for i in range(3):
            for k, (p, q) in enumerate(zip(a, b)):
                p.grad = filled(*p.shape, seed=10 * i + k)
                q.grad = p.grad.clone()
            kept = a[0].grad.clone()
            torch.nn.utils.clip_grad_norm_(b, bound)
            mine.step()
            other.step()
            assert torch.equal(a[0].grad, kept)
        for p, q in zip(a, b):
            torch.testing.assert_close(p, q, rtol=1e-6, atol=1e-7)

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_nonfinite_names_the_parameter_and_changes_nothing(self, value):
        module = self.named()
        params = list(module.parameters())
        for nonfinite in ("raise", "skip"):
            optimizer = st.LAMB(module.named_parameters(), nonfinite=nonfinite)
            walk(optimizer, params)
            assert optimizer.skipped is None
            kept, state = [p.detach().clone() for p in params], copy.deepcopy(optimizer.state_dict())
            for p in params:
                p.grad = torch.ones_like(p)
            params[2].grad[0, 0] = value
            if nonfinite == "raise":
                with pytest.raises(NonFiniteError, match=r"1\.weight is not finite"):
                    optimizer.step()
            else:
                optimizer.step()
                assert "1.weight" in optimizer.skipped
            assert equal(params, kept)
            for k, saved in state["state"].items():
                for key, tensor in saved.items():
                    assert torch.equal(optimizer.state_dict()["state"][k][key], tensor)
            optimizer.zero_grad()

    def test_large_gradients_are_finite(self):
        w = torch.nn.Parameter(torch.zeros(3, dtype=torch.float64))
        w.grad = torch.full((3,), 1e200, dtype=torch.float64)
        optimizer = st.SignSGD([w], lr=0.5, nonfinite="raise")
        optimizer.step()
        assert (w == -0.5).all()

    @pytest.mark.parametrize("options, words", [({"clip_norm": -1.0}, "clip_norm"), ({"nonfinite": "warn"}, "nonfinite"),
                                                ({"no_decay": [3]}, "no_decay")])
    def test_wrong_values_are_refused(self, options, words):
        with pytest.raises(ValueError, match=words):
            st.LAMB(self.named().named_parameters(), **options)


def test_refusals_are_of_our_family():
    for wrong in ({"lr": -1.0}, {"betas": (1.5, 0.9)}, {"weight_decay": -1.0}, {"capturable": True}):
        with pytest.raises(MXNetError):
            st.LAMB(parameters((3,)), **wrong)
