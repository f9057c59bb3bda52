"""Find the few rows of a long column that are due, sixteen at a time."""

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from icsim.compiling import kernel

AT_ONCE = 16


@intrinsic
def _keep(typing_context: Any, values: Any, row: Any, most: Any, kept: Any, count: Any) -> Any:
    """Write the rows from ``row`` on, of the next sixteen, whose value is at most ``most``; how many."""
    signature = types.int64(values, types.int64, types.int32, kept, types.int64)
    word = ir.IntType(32)
    vector, flags = ir.VectorType(word, AT_ONCE), ir.VectorType(ir.IntType(1), AT_ONCE)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        values, row, most, kept, count = arguments
        source = context.make_array(signature.args[0])(context, builder, values)
        target = context.make_array(signature.args[3])(context, builder, kept)

        def each(value: Any) -> Any:
            nothing = ir.Constant(vector, ir.Undefined)
            first = builder.insert_element(nothing, value, ir.Constant(word, 0))
            return builder.shuffle_vector(first, nothing, ir.Constant(vector, [0] * AT_ONCE))

        start = builder.bitcast(builder.gep(source.data, [row]), vector.as_pointer())
        loaded = builder.load(start)
        loaded.align = 4
        chosen = builder.icmp_signed("<=", loaded, each(most))
        rows = builder.add(each(builder.trunc(row, word)), ir.Constant(vector, list(range(AT_ONCE))))
        form = ir.FunctionType(ir.VoidType(), [vector, word.as_pointer(), flags])
        store = cgutils.get_or_insert_function(builder.module, form, "llvm.masked.compressstore.v16i32")
        builder.call(store, [rows, builder.gep(target.data, [count]), chosen])
        return builder.zext(builder.ctpop(builder.bitcast(chosen, ir.IntType(AT_ONCE))), ir.IntType(64))

    return signature, generate


@kernel
def rows_at_most(values: Any, most: Any, first: int, last: int, kept: Any, count: int) -> int:
    """Add the rows from ``first`` to before ``last`` whose value is at most ``most`` to ``kept[count:]``.

    ``values`` and ``kept``: int32, shape (n,), ``most`` int32, ``count`` at most the rows before. Returns
    the new count.
    """
    row = first
    while row + AT_ONCE <= last:
        count += _keep(values, row, most, kept, count)  # pyright: ignore[reportCallIssue]
        row += AT_ONCE
    while row < last:
        kept[count] = row
        count += values[row] <= most
        row += 1
    return count
