"""Ask memory for records ahead of use: who is due next is known, and their rows lie far apart."""

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

LINE_BYTES = 64


def _fetching(first: int, most: int) -> Any:
    """Compiled code that starts loading at most ``most`` cache lines of an element, from the ``first``."""

    @intrinsic
    def fetch(typing_context: Any, array: Any, index: Any) -> Any:
        signature = types.void(array, index)
        size = array.dtype.size if isinstance(array.dtype, types.Record) else array.dtype.bitwidth // 8
        lines = range(first, min(first + most, -(-size // LINE_BYTES)))

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            values, at = arguments
            kinds, parts = [signature.args[1]], [at]
            if isinstance(signature.args[1], types.BaseTuple):
                kinds, parts = list(signature.args[1]), cgutils.unpack_tuple(builder, at)
            places = [
                context.cast(builder, part, kind, types.intp) for part, kind in zip(parts, kinds, strict=True)
            ]
            made = context.make_array(signature.args[0])(context, builder, values)
            pointer = cgutils.get_item_pointer(
                context, builder, signature.args[0], made, places, wraparound=False
            )
            byte, word = ir.IntType(8), ir.IntType(32)
            form = ir.FunctionType(ir.VoidType(), [byte.as_pointer(), word, word, word])
            function = cgutils.get_or_insert_function(builder.module, form, "llvm.prefetch.p0")
            start = builder.bitcast(pointer, byte.as_pointer())
            for line in lines:
                place = builder.gep(start, [word(line * LINE_BYTES)])
                builder.call(function, [place, word(0), word(3), word(1)])
            return context.get_dummy_value()

        return signature, generate

    return fetch


# Each takes an array and an index: an integer not below zero, or one for each axis. Nothing changes.
prefetch = _fetching(0, 64)  # the whole element
prefetch_half = _fetching(0, 2)  # of a person: the clocks, and how they stand today
prefetch_standing = _fetching(1, 1)  # of a person: the line of how they stand today
prefetch_most = _fetching(0, 3)  # of a person: all but the line of days and stays
prefetch_use = _fetching(2, 1)  # of a person: the line of what care was used
prefetch_days = _fetching(3, 1)  # of a person: that line
