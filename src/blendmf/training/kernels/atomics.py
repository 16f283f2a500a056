"""Counters shared by threads of compiled code.

Everything that one thread wrote before `publish` is visible to a thread that reads the published
number by `read_published` (a release and an acquire of the C11 memory model).
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


@intrinsic
def take_next(typing, counters, index):
    """Return the value of a counter and increment it."""

    def generate(context, builder, signature, arguments):
        pointer = _pointer(context, builder, signature, arguments)
        one = ir.Constant(pointer.type.pointee, 1)
        return builder.atomic_rmw("add", pointer, one, "monotonic")

    return counters.dtype(counters, index), generate


@intrinsic
def read_published(typing, counters, index):
    """Value of a counter; makes everything written before its publication visible."""

    def generate(context, builder, signature, arguments):
        pointer = _pointer(context, builder, signature, arguments)
        return builder.load_atomic(pointer, "acquire", counters.dtype.bitwidth // 8)

    return counters.dtype(counters, index), generate


@intrinsic
def publish(typing, counters, index):
    """Increment a counter and make everything written so far visible to its readers."""

    def generate(context, builder, signature, arguments):
        pointer = _pointer(context, builder, signature, arguments)
        one = ir.Constant(pointer.type.pointee, 1)
        builder.atomic_rmw("add", pointer, one, "release")
        return context.get_dummy_value()

    return types.void(counters, index), generate


def _pointer(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Address of the counter given by the first two arguments, array and index."""
    counters = context.make_array(signature.args[0])(context, builder, arguments[0])
    index = context.cast(builder, arguments[1], signature.args[1], types.intp)
    return builder.gep(counters.data, [index])
