"""C's data types on the memory that the interpreter and its library share, as `ctypes` has them: as far as packages use them that call their
library by it. Pointers and sizes have 32 bits."""

import struct

import numpy as np

FORMATS = {"P": "<I", "z": "<I", "Z": "<I", "l": "<i", "L": "<I", "c": "<c", "?": "<?", "u": "<I"}
"""How `struct` calls a type, where that is not the type's letter."""


class Held:
    """Memory at an address, for numpy."""

    __slots__ = ("__array_interface__", "__weakref__")

    def __init__(self, address: int, size: int) -> None:
        self.__array_interface__ = {"data": (address, False), "shape": (size,), "typestr": "|u1", "version": 3}


def at(address: int, size: int) -> np.ndarray:
    """The bytes at an address: no copy, and nothing keeps them."""
    if not address:
        raise ValueError("NULL pointer access")
    return np.asarray(Held(address, size))


def text_at(address: int) -> bytes:
    """The bytes from an address to the next zero."""
    found = b""
    while True:
        # No further than to the end of a page of WebAssembly's: there may be nothing behind.
        end = min(64 + len(found), 0x10000 - (address + len(found)) % 0x10000)
        part = at(address + len(found), end).tobytes()
        before, zero, _ = part.partition(b"\0")
        found += before
        if zero:
            return found


class CType(type):
    """The type of C's types."""

    def __mul__(cls, length: int) -> type:
        key = (cls, length)
        if key not in ARRAYS:
            ARRAYS[key] = CType(f"{cls.__name__}_Array_{length}", (Array,), {"_type_": cls, "_length_": length, "size": cls.size * length})
        return ARRAYS[key]

    __rmul__ = __mul__

    def from_address(cls, address: int) -> "Data":
        made = cls.__new__(cls)
        made.address, made.kept, made.bytes = address, {}, at(address, cls.size)
        return made

    def from_buffer(cls, buffer: bytearray) -> "Data":
        held = np.frombuffer(buffer, np.uint8)
        made = cls.from_address(held.__array_interface__["data"][0])
        made.kept[0] = held
        return made

    def from_param(cls, value: object) -> object:
        return value


ARRAYS: dict[tuple[type, int], type] = {}
POINTERS: dict[type | None, type] = {}


class Data(metaclass=CType):
    """A variable of C: `size` bytes at `address`. `kept` is what it points to, so that it stays."""

    size = 0

    def allocate(self) -> None:
        self.bytes = np.zeros(max(self.size, 1), np.uint8)
        self.address = self.bytes.__array_interface__["data"][0]
        self.kept: dict[int, object] = {}

    def __bool__(self) -> bool:
        return True


class Simple(Data):
    """A number, a character or a pointer without a type."""

    _type_ = "i"

    def __init__(self, value: object = None) -> None:
        self.allocate()
        if value is not None:
            self.value = value

    @property
    def value(self) -> object:
        return load(type(self), self.bytes, 0)

    @value.setter
    def value(self, value: object) -> None:
        store(type(self), self, 0, value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r})"

    def __bool__(self) -> bool:
        return bool(self.value)


class Pointer(Data):
    """A pointer to a type."""

    _type_: type = None
    size = 4

    def __init__(self, target: Data | None = None) -> None:
        self.allocate()
        if target is not None:
            self.point_to(target.address, target)

    def point_to(self, address: int, kept: object) -> None:
        self.bytes[:] = np.frombuffer(struct.pack("<I", address), np.uint8)
        self.kept[0] = kept

    @property
    def target(self) -> int:
        return struct.unpack("<I", self.bytes)[0]

    @property
    def contents(self) -> Data:
        return self._type_.from_address(self.target)

    def __getitem__(self, index: int | slice) -> object:
        if isinstance(index, slice):
            return [self[i] for i in range(index.start or 0, index.stop, index.step or 1)]
        return load(self._type_, at(self.target + index * self._type_.size, self._type_.size), 0)

    def __bool__(self) -> bool:
        return self.target != 0


class Array(Data):
    """Some of a type, one behind the other."""

    _type_: type = None
    _length_ = 0

    def __init__(self, *values: object) -> None:
        self.allocate()
        for index, value in enumerate(values):
            self[index] = value

    def __len__(self) -> int:
        return self._length_

    def __getitem__(self, index: int | slice) -> object:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return load(self._type_, self.bytes, self.offset(index))

    def __setitem__(self, index: int, value: object) -> None:
        store(self._type_, self, self.offset(index), value)

    def offset(self, index: int) -> int:
        if not -len(self) <= index < len(self):
            raise IndexError("invalid index")
        return index % len(self) * self._type_.size

    @property
    def raw(self) -> bytes:
        return self.bytes[: self.size].tobytes()

    @property
    def value(self) -> bytes:
        return self.raw.partition(b"\0")[0]

    @property
    def __array_interface__(self) -> dict:
        shape, kind = (), type(self)
        while issubclass(kind, Array):
            shape, kind = (*shape, kind._length_), kind._type_
        letter = {"f": "f", "d": "f", "?": "b", "c": "S"}.get(kind._type_, "u" if kind._type_.isupper() else "i")
        typestr = ("|" if kind.size == 1 else "<") + letter + str(kind.size)
        return {"data": (self.address, False), "shape": shape, "typestr": typestr, "version": 3}


def load(kind: type, memory: np.ndarray, offset: int) -> object:
    """The value of a type at a place, as Python has it."""
    if not issubclass(kind, Simple):
        return kind.from_address(memory.__array_interface__["data"][0] + offset)
    value = struct.unpack(FORMATS.get(kind._type_, "<" + kind._type_), memory[offset : offset + kind.size].tobytes())[0]
    if kind._type_ == "z":
        return text_at(value) if value else None
    return (value or None) if kind._type_ == "P" else value


def store(kind: type, into: Data, offset: int, value: object) -> None:
    """Puts a value of Python's into a variable."""
    if issubclass(kind, Simple) and kind._type_ not in "zP":
        value = value.value if isinstance(value, Simple) else value
        letter = FORMATS.get(kind._type_, "<" + kind._type_)
        if letter[1] in "bBhHiIqQ":
            # As C does, what does not fit is cut.
            value = int.from_bytes((value.__index__() & ((1 << 8 * kind.size) - 1)).to_bytes(kind.size, "little"), "little", signed=letter[1].islower())
        packed = struct.pack(letter, value)
    else:
        address, kept = pointed(value)
        packed = struct.pack("<I", address)
        into.kept[offset] = kept
    into.bytes[offset : offset + len(packed)] = np.frombuffer(packed, np.uint8)


def pointed(value: object) -> tuple[int, object]:
    """Where a value that is used as a pointer points to, and what must stay as long as it does."""
    if value is None:
        return 0, None
    if isinstance(value, int):
        return value, None
    if isinstance(value, bytes):
        copy = np.frombuffer(value + b"\0", np.uint8).copy()
        return copy.__array_interface__["data"][0], copy
    if isinstance(value, Pointer):
        return value.target, value
    if isinstance(value, Simple) and value._type_ in "zP":
        return struct.unpack("<I", value.bytes)[0], value
    if isinstance(value, Reference):
        return value.of.address + value.offset, value
    if isinstance(value, Data):
        return value.address, value
    raise TypeError(f"{type(value).__name__} is no pointer")


class Reference:
    """What `byref` gives."""

    def __init__(self, of: Data, offset: int = 0) -> None:
        self.of, self.offset = of, offset


def pointer_to(kind: type | None) -> type:
    if kind not in POINTERS:
        POINTERS[kind] = CType(f"LP_{kind.__name__}" if kind else "c_void_p", (Pointer,), {"_type_": kind})
    return POINTERS[kind]


def cast(value: object, kind: type) -> Data:
    address, kept = pointed(value)
    made = kind()
    made.bytes[:] = np.frombuffer(struct.pack("<I", address), np.uint8)
    made.kept[0] = (kept, value)
    return made


def move(to: object, source: object, size: int) -> int:
    (target, _), (origin, _) = pointed(to), pointed(source)
    if size:
        at(target, size)[:] = at(origin, size)
    return target


def string_buffer(first: bytes | int, size: int | None = None) -> Array:
    made = (SIMPLE["c_char"] * (size or (first if isinstance(first, int) else len(first) + 1)))()
    if isinstance(first, bytes):
        made.bytes[: len(first)] = np.frombuffer(first, np.uint8)
    return made


def simple(name: str, letter: str) -> type:
    return CType(name, (Simple,), {"_type_": letter, "size": struct.calcsize(FORMATS.get(letter, "<" + letter))})


SIMPLE = {
    name: simple(name, letter)
    for name, letter in {
        "c_bool": "?", "c_char": "c", "c_byte": "b", "c_ubyte": "B", "c_short": "h", "c_ushort": "H", "c_int": "i", "c_uint": "I",
        "c_long": "l", "c_ulong": "L", "c_longlong": "q", "c_ulonglong": "Q", "c_float": "f", "c_double": "d", "c_char_p": "z",
        "c_void_p": "P",
    }.items()
}  # fmt: skip
