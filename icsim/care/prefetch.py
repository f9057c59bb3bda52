"""Ask memory for a person's record ahead of use: the next people who are due are known, and lie far apart."""

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from icsim.population.columns import PERSON

LINE_BYTES = 64
LINES = -(-PERSON.itemsize // LINE_BYTES)


@intrinsic
def prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    """Start loading every cache line of record ``index`` of a one-dimensional array; changes nothing."""
    signature = types.void(array, index)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        values, at = arguments
        made = context.make_array(signature.args[0])(context, builder, values)
        pointer = cgutils.get_item_pointer(context, builder, signature.args[0], made, [at], wraparound=False)
        byte, word = ir.IntType(8), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte.as_pointer(), word, word, word])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        start = builder.bitcast(pointer, byte.as_pointer())
        for line in range(LINES):
            place = builder.gep(start, [word(line * LINE_BYTES)])
            builder.call(function, [place, word(0), word(3), word(1)])
        return context.get_dummy_value()

    return signature, generate
