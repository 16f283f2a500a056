import pytest
import torch

from blendmf.common.errors import UserError
from blendmf.training.pytorch.device import choose_device, ran_out_of_memory, repeatable


def test_auto_is_cuda_if_available(monkeypatch):
    for available, device in ((True, "cuda"), (False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda available=available: available)
        assert choose_device("auto") == torch.device(device)


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_missing_device_is_refused(monkeypatch, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(UserError, match=rf"training\.device: {device}.*auto, cpu"):
        choose_device(device)


def test_the_state_of_pytorch_is_restored():
    threads = torch.get_num_threads()
    for deterministic in (True, False):
        with repeatable(deterministic):
            assert torch.are_deterministic_algorithms_enabled() == deterministic
            assert torch.get_num_threads() == 1
            assert not torch.utils.deterministic.fill_uninitialized_memory
    with repeatable(), pytest.raises(ZeroDivisionError), repeatable(False):
        raise ZeroDivisionError
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.utils.deterministic.fill_uninitialized_memory
    assert torch.get_num_threads() == threads


def test_sums_do_not_depend_on_the_number_of_threads():
    terms = [torch.randn(200_000 + n, generator=torch.manual_seed(n)) for n in range(8)]
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(4)
        in_parallel = [float(term.square().sum()) for term in terms]
        with repeatable():
            repeated = [float(term.square().sum()) for term in terms]
        torch.set_num_threads(1)
        assert repeated == [float(term.square().sum()) for term in terms]
        assert repeated != in_parallel
    finally:
        torch.set_num_threads(before)


def test_a_refused_allocation_on_the_cpu_is_recognised():
    with pytest.raises(RuntimeError) as refused:
        torch.empty(10**15)
    assert ran_out_of_memory(refused.value)
    assert not ran_out_of_memory(RuntimeError("shapes do not match"))
