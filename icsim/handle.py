"""A handle: a named tuple of arrays passed to compiled code as one pointer.

Numba passes a named tuple by value, some 250 machine words for the state of a run, and copies them at every
call. A handle keeps the tuple in memory and passes its address; ``handle.field`` reads the field where it is
used. The handle holds on to the arrays, so they live as long as it does.
"""

import hashlib
from typing import Any, NamedTuple

import numba
import numpy as np
from numba.core import cgutils, types
from numba.core.imputils import impl_ret_borrowed
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    intrinsic,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)

from icsim.compiling import compiled


class HandleType(types.Type):
    """Numba's type of a handle on a tuple of type ``target``."""

    def __init__(self, target: types.NamedTuple) -> None:
        self.target = target
        # Every compiled function carries the names of its types: those of a state run to 15,000 letters.
        digest = hashlib.sha256(target.name.encode()).hexdigest()[:16]
        super().__init__(name=f"Handle({target.instance_class.__name__} {digest})")


register_model(HandleType)(models.OpaqueModel)


class Handle:
    """A named tuple that compiled code reaches by one pointer; in Python its fields read as usual."""

    def __init__(self, target: NamedTuple) -> None:
        kind = numba.typeof(target)
        if not isinstance(kind, types.NamedTuple):
            raise TypeError(f"a handle needs a named tuple; got {type(target).__name__}")
        self._target = target
        self._numba_type = HandleType(kind)
        self._memory = np.zeros(_words(target), np.int64)
        self._address = self._memory.ctypes.data
        _store(np.uint64(self._address), target)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)


@typeof_impl.register(Handle)
def _type_of(value: Handle, context: Any) -> HandleType:
    return value._numba_type


@unbox(HandleType)
def _unbox(kind: HandleType, value: Any, context: Any) -> NativeValue:
    address = context.pyapi.object_getattr_string(value, "_address")
    pointer = context.pyapi.long_as_voidptr(address)
    context.pyapi.decref(address)
    return NativeValue(pointer, is_error=cgutils.is_not_null(context.builder, context.pyapi.err_occurred()))


@infer_getattr
class _Fields(AttributeTemplate):
    key = HandleType

    def generic_resolve(self, kind: HandleType, name: str) -> Any:
        if name in kind.target.fields:
            return kind.target.types[kind.target.fields.index(name)]
        return None


@lower_getattr_generic(HandleType)
def _field(context: Any, builder: Any, kind: HandleType, value: Any, name: str) -> Any:
    position = kind.target.fields.index(name)
    layout = context.get_value_type(kind.target)
    struct = builder.bitcast(value, layout.as_pointer())
    field = builder.load(cgutils.gep_inbounds(builder, struct, 0, position))
    return impl_ret_borrowed(context, builder, kind.target.types[position], field)


@intrinsic
def _store_at(typing_context: Any, address: Any, target: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        layout = context.get_value_type(signature.args[1])
        builder.store(arguments[1], builder.inttoptr(arguments[0], layout.as_pointer()))
        return context.get_dummy_value()

    return types.void(types.uint64, target), generate


@intrinsic
def _size_of(typing_context: Any, target: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        size = context.get_abi_sizeof(context.get_value_type(signature.args[0]))
        return context.get_constant(types.int64, size)

    return types.int64(target), generate


@compiled
def _store(address: Any, target: Any) -> None:
    _store_at(address, target)  # pyright: ignore[reportCallIssue]


@compiled
def _words(target: Any) -> int:
    return _size_of(target) // 8 + 1  # pyright: ignore[reportCallIssue]
