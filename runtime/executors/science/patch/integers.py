"""Writes ../integers.patch: what makes the scientific interpreter's integers and floating-point flags those of a 64-bit machine.

    zig cc -target wasm32-freestanding -O2 -g0 -fno-builtin -mcpu=mvp+sign_ext+nontrapping_fptoint+simd128 -c flags.c -o flags.o
    python3 integers.py python.wasm flags.o ../integers.patch

numpy numbers its types by C's: 5 is int, 7 is long, 9 is long long. On wasm32 a long has 32 bits; numpy's default integer and `np.intp` are
longs. C code, and code compiled from Cython, hold indices in them, so these stay as they are stored. Instead:

- whatever stands for Python's `int` becomes 9, 64 bits;
- 5 is what "int32" means, so that 7 is left to indices, and 7 counts as a 64-bit type: its scalars are int64, arithmetic with it is done in
  64 bits, casts into it are allowed where C code asks for indices, and checked;
- functions that give index arrays to Python give them as int64;
- buffers of Cython's take either size, by a copy that writes itself back.
"""

import sys

from wasm import Patch

HEAD = """\
# Integers of 64 bits, and flags kept in software, in the interpreter of the scientific Python: changes to its functions (numpy's, mostly).
#
# module SHA-256 FUNCTIONS                      what it applies to: nothing else is touched
# type INDEX BYTES                              a new function type
# function INDEX NAME type TYPE                 a new function, and its body
# copy INDEX NAME type TYPE of INDEX SHA-256    a new function with the body that another one had
# replace INDEX SHA-256 NAME                    another body for a function whose body has this digest
# change INDEX SHA-256 NAME                     such a function's changes: offset in the body, bytes there, bytes in their place
# data ADDRESS BYTES BYTES                      bytes of memory, and those in their place
#
# Written by patch/integers.py, which says what each of these is for.
"""

with open(sys.argv[1], "rb") as file:
    p = Patch(file.read())

# What is where: Python's and numpy's types, pointers to numpy's DTypes, and functions that are called.
NDARRAY, TUPLE = 26443132, 26125008
INT_SCALAR, LONG_SCALAR, LONGLONG_SCALAR = 26435228, 26435440, 26435652
LONGLONG_DTYPE, INTP_DTYPE = 27642932, 27642972
OVERFLOW_ERROR, TOO_LARGE = 26079564, 17063655
DESCR_FROM_TYPE = p.function("PyArray_DescrFromType")
FROM_ARRAY = p.function("PyArray_FromArray")
CAN_CAST_ARRAY, CAN_CAST_TYPE = p.function("PyArray_CanCastArrayTo"), p.function("PyArray_CanCastTypeTo")
GET_BUFFER = p.function("PyObject_GetBuffer")
# Offsets: an object's type is at 4, a tuple's length at 8 and its items at 16, an array's descriptor at 28, a descriptor's number at 16.
TYPE_NUMBER = "i32.load 28 a2; i32.load 16 a2"


def arguments(count):
    return "; ".join(f"local.get {k}" for k in range(count))


def through(name, then):
    """The function, with another that takes what it gives and gives something in its place."""
    count, plain = p.parameters(name), p.move(name)
    p.replace(name, "", f"{arguments(count)}; call {plain}; call {then}")


# ---- the default integer ------------------------------------------------------------------------------------------------------------

for name, count in (
    ("int_default_descriptor", 1),
    ("_convert_from_any", 1),  # np.dtype(int)
    ("PyArray_ArangeObj", 1),
    ("py_resolve_dtypes_generic", 2),
    ("_multiarray_umath_exec", 1),  # the array that stands for a Python int too large for its type
):
    p.edit_all(name, f"i32.const 7; call {DESCR_FROM_TYPE}", f"i32.const 9; call {DESCR_FROM_TYPE}", count)
p.edit_all("discover_descriptor_from_pylong", "i32.const 7", "i32.const 9", 2)
p.edit_all("int_common_dtype", f"i32.load {INTP_DTYPE} a2", f"i32.load {LONGLONG_DTYPE} a2", 2)
p.edit_all("can_cast_pyscalar_scalar_to", "i32.const 7; i32.const 12", "i32.const 9; i32.const 12", 1)
p.edit_all("convert_ufunc_arguments", "i32.const 7; i32.eq", "i32.const 9; i32.eq", 1)
p.edit("initialize_legacy_dtypemeta_aliases", 381, "local.get 5", "local.get 7")
# Sums and products of bools and of all integers of less than 64 bits.
p.edit("reducelike_promote_and_resolve", 108, "i32.const 7", "i32.const 9")
p.edit("reducelike_promote_and_resolve", 129, "i32.const 3", "i32.const 7")
p.edit(
    "reducelike_promote_and_resolve",
    153,
    "local.get 11; i32.load8_u 22081920 a0",
    "i32.const 10; local.get 11; i32.const 1; i32.and; i32.sub",
)
# A Python int alone in a ufunc's call: (object, where to tell of an overflow, where to put it) -> -1 where that is to be looked at.
p.add(
    "as_long_long",
    "iii:i",
    "i64",
    f"""
    local.get 2; local.get 0; local.get 1; call {p.function("PyLong_AsLongLongAndOverflow")}; local.tee 3; i64.store 0 a3
    i32.const -1; i32.const 0; local.get 3; i64.const -1; i64.eq; select""",
)
p.edit(
    "ufunc_generic_fastcall",
    301,
    f"call {p.function('PyLong_AsLongAndOverflow')}; local.set 9",
    "local.get 5; i32.const 304; i32.add; call as_long_long; local.set 9",
)
p.edit("ufunc_generic_fastcall", 349, "local.get 5; local.get 9; i32.store 304 a2; i32.const 7", "i32.const 9")

# ---- index arrays that Python sees --------------------------------------------------------------------------------------------------

p.add(
    "release",
    "i:",
    "i32",
    f"""
    local.get 0; i32.load 0 a2; local.tee 1; i32.const 1073741823; i32.gt_s; if; return; end
    local.get 0; local.get 1; i32.const -1; i32.add; local.tee 1; i32.store 0 a2
    local.get 1; if; return; end
    local.get 0; call {p.function("_Py_Dealloc")}""",
)
p.add(
    "is_array",
    "i:i",
    "i32",
    f"""
    local.get 0; i32.load 4 a2; local.tee 1; i32.const {NDARRAY}; i32.eq; if; i32.const 1; return; end
    local.get 1; i32.const {NDARRAY}; call {p.function("PyType_IsSubtype")}""",
)
# Takes a reference and gives one.
p.add(
    "widen_one",
    "i:i",
    "i32",
    f"""
    local.get 0; call is_array; i32.eqz; if; local.get 0; return; end
    local.get 0; {TYPE_NUMBER}; i32.const 7; i32.ne; if; local.get 0; return; end
    local.get 0; i32.const 9; call {DESCR_FROM_TYPE}; i32.const 0; call {FROM_ARRAY}; local.set 1
    local.get 0; call release
    local.get 1""",
)


def add_widening(name, one, condition):
    """A function that does the same for a tuple's items, and for what is none. `condition` is 1 where something is not looked into."""
    p.add(
        name,
        "i:i",
        "i32 i32 i32",
        f"""
        local.get 0; i32.eqz; if; i32.const 0; return; end
        {condition}; if; local.get 0; call {one}; return; end
        block; loop
        local.get 1; local.get 0; i32.load 8 a2; i32.ge_s; br_if 1
        local.get 0; local.get 1; i32.const 2; i32.shl; i32.add; local.tee 2
        local.get 2; i32.load 16 a2; call {one}; local.tee 3; i32.store 16 a2
        local.get 3; i32.eqz; if; local.get 0; call release; i32.const 0; return; end
        local.get 1; i32.const 1; i32.add; local.set 1; br 0
        end; end
        local.get 0""",
    )


add_widening("widen", "widen_one", f"local.get 0; i32.load 4 a2; i32.const {TUPLE}; i32.ne")
METHODS = "argsort argmax argmin argpartition nonzero searchsorted where lexsort".split()
for name in [f"array_{name}" for name in METHODS] + ["arr_bincount", "arr_unravel_index", "arr_ravel_multi_index"]:
    through(name, "widen")
# Ufuncs over text count in longs: what they give where no output was given.
p.edit(
    "ufunc_generic_vectorcall",
    24,
    "",
    """
    local.set 1
    local.get 3; i32.eqz; local.get 2; i32.const 2147483647; i32.and; local.get 0; i32.load 8 a2; i32.eq; i32.and
    if i32; local.get 1; call widen; else; local.get 1; end""",
)
# Functions written in Cython: only what nothing else refers to, since it is another object then.
p.add(
    "fresh_one",
    "i:i",
    "",
    f"""
    local.get 0; i32.eqz; if; i32.const 0; return; end
    local.get 0; i32.load 4 a2; i32.const {NDARRAY}; i32.eq; local.get 0; i32.load 0 a2; i32.const 1; i32.eq; i32.and
    if; local.get 0; call widen_one; return; end
    local.get 0""",
)
add_widening(
    "fresh",
    "fresh_one",
    f"local.get 0; i32.load 4 a2; i32.const {TUPLE}; i32.ne; local.get 0; i32.load 0 a2; i32.const 1; i32.ne; i32.or",
)
# scipy's and scikit-learn's share these; pandas's compares its indexers' dtypes with np.intp, and is left as it is. What methods such as
# __getstate__ give comes back to C code as it was. (A function's definition is at 8, and begins with its name.)
UNDERSCORES = int.from_bytes(b"__", "little")
for first in (31550, 54761):
    for index in range(first, first + 4):
        if not p.names[index].startswith("__Pyx_CyFunction_Vectorcall_"):
            raise ValueError(p.names[index])
        plain = p.move(index)
        p.replace(
            index,
            "i32",
            f"""
            {arguments(4)}; call {plain}; local.set 4
            local.get 0; i32.load 8 a2; i32.load 0 a2; i32.load16_u 0 a0; i32.const {UNDERSCORES}; i32.eq
            if i32; local.get 4; else; local.get 4; call fresh; end""",
        )

# ---- what C code takes as indices ---------------------------------------------------------------------------------------------------

# Casts into type 7 are checked: (data, dimensions, strides or null if contiguous) -> 0, or -1 with an exception set.
p.add("too_large", ":i", "", f"i32.const 0; i32.load {OVERFLOW_ERROR} a2; i32.const {TOO_LARGE}; call {p.function('PyErr_SetString')}; i32.const -1")
for source, load, size, outside in (
    ("longlong", "i64.load 0 a0", 8, "local.get 3; i32.wrap_i64; i64.extend_i32_s; local.get 3; i64.ne"),
    ("ulonglong", "i64.load 0 a0", 8, "local.get 3; i64.const 2147483647; i64.gt_u"),
    ("uint", "i64.load32_u 0 a0", 4, "local.get 3; i64.const 2147483647; i64.gt_u"),
):
    p.add(
        f"fits_{source}",
        "iii:i",
        "i64 i32 i32 i32",
        f"""
        local.get 0; i32.load 0 a2; local.set 4
        local.get 1; i32.load 0 a2; local.set 5
        local.get 2; if i32; local.get 2; i32.load 0 a2; else; i32.const {size}; end; local.set 6
        block; loop
        local.get 5; i32.const 1; i32.lt_s; br_if 1
        local.get 4; {load}; local.set 3
        {outside}; if; call too_large; return; end
        local.get 4; local.get 6; i32.add; local.set 4
        local.get 5; i32.const -1; i32.add; local.set 5; br 0
        end; end
        i32.const 0""",
    )
CASTS = ("_aligned_contig_cast", "_contig_cast", "_aligned_cast", "_cast")
for source, check in (("longlong", "longlong"), ("ulonglong", "ulonglong"), ("uint", "uint"), ("ulong", "uint")):
    for cast in CASTS:
        strides = "i32.const 0" if "contig" in cast else "local.get 3"
        p.enter(
            f"{cast}_{source}_to_long",
            f"local.get 1; local.get 2; {strides}; call fits_{check}; if; i32.const -1; return; end",
        )
# Where an array of indices is asked for: int64, and unsigned integers that are as safe on 64 bits.
p.add(
    "can_cast_to_indices",
    "iii:i",
    "i32",
    f"""
    local.get 0; local.get 1; local.get 2; call {CAN_CAST_ARRAY}; local.tee 3; if; local.get 3; return; end
    local.get 1; i32.load 16 a2; i32.const 7; i32.ne; if; i32.const 0; return; end
    local.get 0; {TYPE_NUMBER}; local.tee 3; i32.const 9; i32.eq
    local.get 3; i32.const 8; i32.eq; i32.or; local.get 3; i32.const 6; i32.eq; i32.or""",
)
p.add(
    "can_cast_type_to_indices",
    "iii:i",
    "",
    f"""
    local.get 0; i32.load 16 a2; i32.const 9; i32.eq; local.get 1; i32.load 16 a2; i32.const 7; i32.eq; i32.and; if; i32.const 1; return; end
    local.get 0; local.get 1; local.get 2; call {CAN_CAST_TYPE}""",
)
for name in ("PyArray_FromArray", "array_astype", "array_can_cast_safely"):
    p.edit_all(name, f"call {CAN_CAST_ARRAY}", "call can_cast_to_indices", 1)
p.edit_all("array_can_cast_safely", f"call {CAN_CAST_TYPE}", "call can_cast_type_to_indices")
# Loops over C's longs, of ufuncs that have none over 64 bits (scipy's): (ufunc) -> whether it has, and (from, to, ufunc).
p.add(
    "has_longlong",
    "i:i",
    "i32 i32",
    """
    local.get 0; i32.load 44 a2; local.tee 1; local.get 0; i32.load 16 a2; local.get 0; i32.load 32 a2; i32.mul; i32.add; local.set 2
    block; loop
    local.get 1; local.get 2; i32.ge_u; br_if 1
    local.get 1; i32.load8_s 0 a0; i32.const 9; i32.eq; if; i32.const 1; return; end
    local.get 1; i32.const 1; i32.add; local.set 1; br 0
    end; end
    i32.const 0""",
)
p.add(
    "can_loop_over_longs",
    "iii:i",
    "",
    """
    local.get 0; i32.load 16 a2; i32.const 9; i32.eq; local.get 1; i32.load 16 a2; i32.const 7; i32.eq; i32.and
    if i32; local.get 2; call has_longlong; i32.eqz; else; i32.const 0; end""",
)
for name, function, descriptor in (("type", CAN_CAST_TYPE, "local.get 0"), ("array", CAN_CAST_ARRAY, "local.get 0; i32.load 28 a2")):
    p.add(
        f"loop_takes_{name}",
        "iiii:i",
        "i32",
        f"""
        local.get 0; local.get 1; local.get 2; call {function}; local.tee 4; if; local.get 4; return; end
        {descriptor}; local.get 1; local.get 3; call can_loop_over_longs""",
    )
p.edit("ufunc_loop_matches", 188, f"call {CAN_CAST_TYPE}", "local.get 0; call loop_takes_type")
p.edit_all("ufunc_loop_matches", f"call {CAN_CAST_ARRAY}", "local.get 0; call loop_takes_array", 2)
# Integers from np.empty are zeros: what a buffer of indices is to be made of must fit it.
p.add(
    "cleared",
    "i:i",
    "",
    f"""
    local.get 0; i32.eqz; if; i32.const 0; return; end
    local.get 0; {TYPE_NUMBER}; i32.const 9; i32.eq
    if; local.get 0; i32.const 0; call {p.function("PyArray_AssignZero")}; drop; end
    local.get 0""",
)
for name, made in (("array_empty", "PyArray_Empty_int"), ("array_empty_like", "PyArray_NewLikeArrayWithShape")):
    p.edit_all(name, f"call {p.function(made)}", f"call {p.function(made)}; call cleared", 1)

# ---- type 7 counts as 64 bits -------------------------------------------------------------------------------------------------------

# Promotion of it with bool and the other integers up to 32 bits, in numpy's table.
PROMOTION = 27643120
p.leave(
    "initialize_casting_tables",
    "".join(f"i32.const {PROMOTION + 24 * a + b}; i32.const 9; i32.store8 0 a0;" for k in (0, 1, 2, 3, 4, 5, 6, 8) for a, b in ((k, 7), (7, k))),
)
# "i4" is 5; scipy compares types with the number that int32 had.
p.poke(22071594, b"\x07", b"\x05")
for name, count in (("lbfgsb_setulb", 6), ("dvode_wrapper", 1), ("zvode_wrapper", 1), ("slsqp", 1)):
    load = "i32.const 16; i32.add; i32.load 0 a2"
    p.edit_all(name, f"{load}; i32.const 7", f"{load}; i32.const 5", count)
# Scalars: (data) -> an int64.
SCALAR = p.function("PyArray_Scalar")
p.add(
    "index_scalar",
    "i:i",
    "i32 i32 i32",
    f"""
    global.get 0; i32.const 16; i32.sub; local.tee 1; global.set 0
    local.get 1; local.get 0; i64.load32_s 0 a0; i64.store 0 a3
    i32.const 9; call {DESCR_FROM_TYPE}; local.set 2
    local.get 1; local.get 2; i32.const 0; call {SCALAR}; local.set 3
    local.get 2; call release
    local.get 1; i32.const 16; i32.add; global.set 0
    local.get 3""",
)
p.enter(
    SCALAR,
    """
    local.get 1; i32.load 16 a2; i32.const 7; i32.eq
    if; local.get 1; i32.load8_u 14 a0; i32.const 62; i32.ne; if; local.get 0; call index_scalar; return; end; end""",
)
p.enter(
    "long_arrtype_new",
    f"""
    local.get 0; i32.const {LONG_SCALAR}; i32.eq
    if; i32.const {LONGLONG_SCALAR}; local.get 1; local.get 2; call {p.function("longlong_arrtype_new")}; return; end""",
)
# Arithmetic: a ufunc's inputs are widened before its loop is looked for, with the way out of each place if that fails; products of arrays
# go by a number.
p.edit(
    "convert_ufunc_arguments",
    222,
    "",
    "local.get 3; local.get 0; i32.add; local.get 1; call widen_one; local.tee 1; i32.store 0 a2; local.get 1; i32.eqz; br_if 3",
)
p.edit(
    "convert_ufunc_arguments",
    1024,
    "",
    "local.get 3; local.get 0; call widen_one; local.tee 0; i32.store 0 a2; local.get 0; i32.eqz; br_if 1",
)
p.edit("PyArray_ObjectType", 242, "local.get 3", "i32.const 9; local.get 3; local.get 3; i32.const 7; i32.eq; select")

# ---- buffers of Cython's ------------------------------------------------------------------------------------------------------------

INTP, PY_SSIZE_T, NPY, LONG, CONST = (int.from_bytes(text, "little") for text in (b"intp", b"Py_s", b"npy_", b"long", b"const "))
# (object, __Pyx_TypeInfo, flags) -> the object, or a copy with integers of the buffer's size that writes itself back where the buffer can be
# written to (a new reference). Told by the name of the buffer's type: intp_t, intptr_t, Py_ssize_t, npy_intp and long, but not int32_t.
p.add(
    "fit_buffer",
    "iii:i",
    "i32 i32",
    f"""
    block
    local.get 0; i32.load 4 a2; i32.const {NDARRAY}; i32.ne; br_if 0
    local.get 1; i32.load8_u 48 a0; i32.const {ord("I")}; i32.ne; br_if 0
    local.get 0; {TYPE_NUMBER}; local.set 3
    block
    local.get 1; i32.load 8 a2; i32.const 8; i32.eq
    if; local.get 3; i32.const 7; i32.ne; br_if 2; i32.const 9; local.set 3; br 1; end
    local.get 1; i32.load 8 a2; i32.const 4; i32.ne; br_if 1
    local.get 3; i32.const 9; i32.ne; br_if 1
    i32.const 7; local.set 3
    local.get 1; i32.load 0 a2; local.tee 4; i64.load 0 a0; i64.const {CONST}; i64.xor; i64.const 16; i64.shl; i64.eqz
    if; local.get 4; i32.const 6; i32.add; local.set 4; end
    local.get 4; i32.load 0 a0; i32.const {INTP}; i32.eq; br_if 0
    local.get 4; i32.load 0 a0; i32.const {PY_SSIZE_T}; i32.eq; br_if 0
    local.get 4; i32.load 0 a0; i32.const {LONG}; i32.eq; br_if 0
    local.get 4; i32.load 0 a0; i32.const {NPY}; i32.ne; br_if 1
    local.get 4; i32.load 4 a0; i32.const {INTP}; i32.ne; br_if 1
    end
    local.get 0; local.get 3; call {DESCR_FROM_TYPE}
    local.get 2; i32.const 1; i32.and; i32.const 13; i32.shl; i32.const 272; i32.or; call {FROM_ARRAY}
    return
    end
    local.get 0; i32.load 0 a2; i32.const 1073741823; i32.le_s
    if; local.get 0; local.get 0; i32.load 0 a2; i32.const 1; i32.add; i32.store 0 a2; end
    local.get 0""",
)
# PyObject_GetBuffer with a __Pyx_TypeInfo besides.
p.add(
    "get_buffer",
    "iiii:i",
    "i32",
    f"""
    local.get 0; local.get 3; local.get 2; call fit_buffer; local.tee 0; i32.eqz; if; i32.const -1; return; end
    local.get 0; local.get 1; local.get 2; call {GET_BUFFER}; local.set 4
    local.get 0; call release
    local.get 4""",
)
# The second argument is the type, except where a module uses one only: those of 64-bit integers, and those that are inlined.
ONE_TYPE = {24891: 23089076, 48616: 24606760, 48810: 24638996, 59281: 25196756}
for index, name in sorted(p.names.items()):
    if name.startswith("__Pyx__GetBufferAndValidate") and p.find(index, "local.get 2; i32.load 8 a2"):
        p.edit_all(index, f"call {GET_BUFFER}", "local.get 2; call get_buffer", 1)
for index, told in ONE_TYPE.items():
    p.edit_all(index, f"call {GET_BUFFER}", f"i32.const {told}; call get_buffer", 1)
# The views of pandas, scipy and scikit-learn, and those of pandas's C++: (object, flags, is it an object's, type) -> view.
for index, view in ((16298, 16218), (31543, 31464), (54754, 54675), (24626, 24574)):
    p.add(
        f"new_view_{index}",
        "iiii:i",
        "i32",
        f"""
        local.get 0; local.get 3; local.get 1; call fit_buffer; local.tee 0; i32.eqz; if; i32.const 0; return; end
        local.get 0; local.get 1; local.get 2; local.get 3; call {view}; local.set 4
        local.get 0; call release
        local.get 4""",
    )
    p.edit_all(index, f"call {view}", f"call new_view_{index}", 1)
# That a copy writes itself back when it goes is no mistake to warn of. Its text has room for a name that is needed.
WRITTEN_BACK = 18235522
p.edit("_clear_array_attributes", 102, f"call {p.function('PyErr_WarnEx')}", "drop; drop; drop; i32.const 0")
p.poke(WRITTEN_BACK, p.segment(WRITTEN_BACK)[:11], b"numpy.intp\x00")
INT32_NAME, INTC_NAME = (p.address(text).to_bytes(4, "little") for text in (b"numpy.int32\x00", b"numpy.intc\x00"))
p.poke(LONG_SCALAR + 12, INT32_NAME, WRITTEN_BACK.to_bytes(4, "little"))
p.poke(INT_SCALAR + 12, INTC_NAME, INT32_NAME)

# ---- the legacy generator -----------------------------------------------------------------------------------------------------------

p.add_object(sys.argv[2])
# What it counts is an int64 until here.
p.replace(
    "__pyx_f_5numpy_6random_6mtrand_int64_to_long",
    "",
    f"""
    local.get 0; call is_array
    if; local.get 0; local.get 0; i32.load 0 a2; i32.const 1; i32.add; i32.store 0 a2; local.get 0; return; end
    local.get 0; call {p.function("PyNumber_Index")}""",
)
for name in ("35choice", "87binomial", "103multinomial", "109permutation"):
    through(f"__pyx_pw_5numpy_6random_6mtrand_11RandomState_{name}", "widen")
p.replace(
    "npy_legacy_random_positive_int",
    "",
    f"local.get 0; i32.load 0 a2; local.get 0; i32.load 4 a2; call_indirect type={p.signature('i:I')}; i64.const 1; i64.shr_u",
)
LEGACY_POISSON, POISSON = p.function("npy_legacy_random_poisson"), p.function("random_poisson")
for name in ("legacy_random_poisson", "legacy_negative_binomial"):
    p.edit_all(name, f"call {LEGACY_POISSON}; i64.extend_i32_s", f"call {POISSON}", 1)
p.edit_all("legacy_random_geometric", "i32.trunc_sat_f64_s; i64.extend_i32_s", "call flags_i64_f64", 1)
p.edit_all("legacy_random_zipf", "i32.trunc_sat_f64_s; i64.extend_i32_s", "call flags_i64_f64", 1)
p.edit_all("legacy_random_zipf", "f64.const 2147483647.0", "f64.const 9223372036854775807", 1)
p.edit_all(
    "legacy_logseries",
    "i32.trunc_sat_f64_s; local.tee 7; i32.const 1; i32.lt_s",
    "local.tee 6; call flags_i64_f64; i64.const 1; i64.lt_s",
    1,
)
p.edit_all("legacy_logseries", "local.get 7; i64.extend_i32_u", "local.get 6; call flags_i64_f64", 1)
# The largest mean of Poisson's that fits.
for index, count in ((14900, 1), (14901, 1), (14909, 1)):
    p.edit_all(index, "f64.load 27659112 a3", "f64.load 27659120 a3", count)

# ---- floating-point flags, and casts to integers ------------------------------------------------------------------------------------

FRAME = 2176
PLAIN2, SUM, MULTIPLY, QUOTIENT, POWER, LOG, LOG1P, ARCTANH, RECIPROCAL, SQUARE, EXP, PLAIN1 = range(12)
LOOPS = {
    **dict.fromkeys("add subtract".split(), SUM),
    **dict.fromkeys("log log2 log10".split(), LOG),
    **dict.fromkeys("exp exp2".split(), EXP),
    **dict.fromkeys("expm1 sin cos tan arcsin arccos arccosh sinh cosh sqrt".split(), PLAIN1),
    "arctan2": PLAIN2,
    "multiply": MULTIPLY,
    "divide": QUOTIENT,
    "power": POWER,
    "log1p": LOG1P,
    "arctanh": ARCTANH,
    "reciprocal": RECIPROCAL,
    "square": SQUARE,
}
INTEGERS = (
    ("byte short int long", "i32.trunc_sat_{}_s", "i32"),
    ("ubyte ushort", "i32.trunc_sat_{}_u", "i32"),
    ("uint ulong", "i32.trunc_sat_{}_u", "u32"),
    ("longlong", "i64.trunc_sat_{}_s", "i64"),
    ("ulonglong", "i64.trunc_sat_{}_u", "u64"),
)


def add_flagged(name, kind, function, inputs, meaning):
    """A mathematical function that tells what it meets."""
    given = "; ".join(["local.get 0", f"local.get {inputs - 1}"])
    p.add(
        name,
        {"f64": "d", "f32": "f"}[kind] * inputs + {"f64": ":d", "f32": ":f"}[kind],
        "",
        f"{given}; {arguments(inputs)}; call {function}; i32.const {meaning}; call flags_result_{kind}",
    )


def scalar(name):
    """numpy's function for a scalar: CPython has some of the same names."""
    (index,) = (index for index in p.indices[name] if 11000 < index < 13900)
    return index


for name, kind in (("double", "f64"), ("float", "f32")):
    add_flagged(f"fmod_{kind}", kind, p.function({"double": "fmod", "float": "fmodf"}[name]), 2, PLAIN2)
    add_flagged(f"power_{kind}", kind, p.function({"double": "pow", "float": "powf"}[name]), 2, POWER)
    for loop, meaning in sorted(LOOPS.items()):
        loop = f"{name.upper()}_{loop}"
        plain = p.move(loop)
        p.replace(
            loop,
            "i32",
            f"""
            global.get 0; i32.const {FRAME}; i32.sub; local.tee 4; global.set 0
            local.get 4; local.get 0; local.get 1; local.get 2; i32.const {meaning}; call flags_init
            block; loop
            local.get 4; call flags_next_{kind}; i32.eqz; br_if 1
            local.get 4; local.get 4; i32.const 12; i32.add; local.get 2; local.get 3; call {plain}; br 0
            end; end
            local.get 4; i32.const {FRAME}; i32.add; global.set 0""",
        )
    # Scalars' arithmetic, and what both scalars and arrays do with quotients.
    for operation, instruction in (("add", "add"), ("subtract", "sub"), ("multiply", "mul"), ("true_divide", "div")):
        flagged = f"call flags_{operation.removeprefix('true_')}_{kind}"
        p.edit_all(scalar(f"{name}_{operation}"), f"{kind}.{instruction}", flagged, 1)
    p.edit_all(scalar(f"{name}_power"), f"call {p.function({'f64': 'pow', 'f32': 'powf'}[kind])}", f"call power_{kind}", 1)
    for operation, divides in (("remainder", False), ("divmod", True), ("floor_divide", True)):
        for function in (scalar(f"{name}_{operation}"), f"{name.upper()}_{operation}"):
            p.edit_all(function, f"call {p.function({'f64': 'fmod', 'f32': 'fmodf'}[kind])}", f"call fmod_{kind}", 1)
            if divides:
                p.edit_all(function, f"{kind}.div", f"call flags_divide_{kind}", 3)
    for source in (name, f"c{name}"):
        for cast in CASTS:
            for targets, instruction, flag in INTEGERS:
                for target in targets.split():
                    p.edit_all(f"{cast}_{source}_to_{target}", instruction.format(kind), f"call flags_{flag}_{kind}")
            if name == "double":
                for target in ("float", "cfloat"):
                    p.edit_all(f"{cast}_{source}_to_{target}", "f32.demote_f64", "call flags_f32_f64")

# float16 is computed with as float32.
for operation, instruction in (
    *(("add", "add"), ("subtract", "sub"), ("multiply", "mul"), ("square", "mul")),
    *(("divide", "div"), ("reciprocal", "div"), ("floor_divide", "div")),
):
    flagged = {"add": "add", "sub": "subtract", "mul": "multiply", "div": "divide"}[instruction]
    p.edit_all(f"HALF_{operation}", f"f32.{instruction}", f"call flags_{flagged}_f32")
for operation in ("remainder", "floor_divide"):
    p.edit_all(f"HALF_{operation}", f"call {p.function('fmodf')}", "call fmod_f32", 1)
FUNCTIONS = {"arctanh": "atanh", "arcsin": "asin", "arccos": "acos", "arccosh": "acosh"}
for operation in "log log2 log10 log1p arctanh exp exp2 expm1 sin cos tan arcsin arccos arccosh sinh cosh".split():
    function = p.function(FUNCTIONS.get(operation, operation) + "f")
    add_flagged(f"{operation}_f32", "f32", function, 1, LOOPS[operation])
    p.edit_all(f"HALF_{operation}", f"call {function}", f"call {operation}_f32", 1)
for cast in CASTS:
    for targets, instruction, flag in INTEGERS:
        for target in targets.split():
            p.edit_all(f"{cast}_half_to_{target}", instruction.format("f32"), f"call flags_{flag}_f32")

with open(sys.argv[3], "w", encoding="utf-8") as file:
    p.write(file, HEAD)
