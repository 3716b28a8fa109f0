"""`ctypes` for packages whose library is linked into the interpreter: their own Python calls it as it does anywhere. `packages` has what each
needs."""

import os
import struct
import sys
import types

REQUEST = struct.Struct("<64s192s32Q")
"""A call: the function's name, the working folder, the arguments."""


class Function:
    """A function of a library. `restype` is what it gives, `argtypes` are not looked at."""

    restype: type | None = None
    argtypes: list | None = None

    def __init__(self, name: str, library: "Library") -> None:
        self.name, self.library = name, library

    def __call__(self, *arguments: object) -> object:
        kept = [argument(value) for value in arguments]
        folder = os.getcwd().encode()
        if len(folder) > 191:
            raise OSError("the name of the working folder is longer than 191 bytes, which the library does not take")
        answer = self.library.send(REQUEST.pack(self.name.encode(), folder, *(number for number, _ in kept), *[0] * (32 - len(kept))))
        for said in answer[8:].split(b"\0")[:-1]:
            self.library.say(self.name, said)
        return self.given(answer[:8])

    def given(self, value: bytes) -> object:
        from . import memory

        if self.restype is None:
            return int.from_bytes(value[:4], "little", signed=True)
        if issubclass(self.restype, memory.Simple) and self.restype._type_ in "fd":
            return struct.unpack("<d", value)[0]
        made = self.restype()
        made.bytes[:] = memory.np.frombuffer(value[: made.size], memory.np.uint8)
        return made.value if isinstance(made, memory.Simple) else made


def argument(value: object) -> tuple[int, object]:
    """The 64 bits by which an argument is handed over, and what must stay until the function has ended."""
    from . import memory

    if isinstance(value, memory.Simple) and value._type_ not in "zP":
        value = value.value
    if isinstance(value, float):
        return struct.unpack("<Q", struct.pack("<d", value))[0], None
    if isinstance(value, int):
        return value & 0xFFFF_FFFF_FFFF_FFFF, None
    if isinstance(value, Callback):
        return 0, value
    return memory.pointed(value)


class Callback:
    """A function of Python's that was made for the library. It is called with what the library said, after a call."""

    def __init__(self, function: object) -> None:
        self.function = function


class Library:
    """A library. Its functions are its attributes."""

    def __init__(self, send: object) -> None:
        self.send = send
        self.listeners: dict[str, object] = {}

    def listen(self, prefix: str) -> object:
        """Stands for a function that takes a callback for messages of functions whose names begin so."""

        def register(callback: Callback) -> int:
            self.listeners[prefix] = callback.function
            return 0

        return register

    def say(self, function: str, said: bytes) -> None:
        """Hands on a message that came with an answer."""
        for prefix, listener in self.listeners.items():
            if function.startswith(prefix):
                listener(said)
                return
        sys.stdout.write(said.decode(errors="replace"))

    def __getattr__(self, name: str) -> Function:
        if name.startswith("__"):
            raise AttributeError(name)
        function = Function(name, self)
        setattr(self, name, function)
        return function


def refuse(*rest: object) -> None:
    raise OSError("native code cannot run inside the sandbox")


def ctypes(library: Library) -> types.ModuleType:
    """A module like `ctypes` whose libraries are all this one."""
    from . import memory

    made = types.ModuleType("ctypes")
    vars(made).update(memory.SIMPLE)
    named = {8: "c_byte", 16: "c_short", 32: "c_int", 64: "c_longlong"}
    for bits, name in named.items():
        setattr(made, f"c_int{bits}", memory.SIMPLE[name])
        setattr(made, f"c_uint{bits}", memory.SIMPLE[name.replace("c_", "c_u")])
    made.c_size_t, made.c_ssize_t = made.c_uint, made.c_int
    made.Array, made._Pointer, made._SimpleCData = memory.Array, memory.Pointer, memory.Simple
    made.Structure = made.Union = type("Structure", (), {})
    made.POINTER, made.cast, made.create_string_buffer = memory.pointer_to, memory.cast, memory.string_buffer
    made.pointer = lambda value: memory.pointer_to(type(value))(value)
    made.byref = memory.Reference
    made.addressof = lambda value: value.address
    made.sizeof = lambda value: value.size
    made.string_at = lambda value, size=-1: memory.text_at(memory.pointed(value)[0]) if size < 0 else memory.at(memory.pointed(value)[0], size).tobytes()
    made.memmove = memory.move
    made.CFUNCTYPE = lambda *kinds: Callback
    made.CDLL = Library
    made.cdll = types.SimpleNamespace(LoadLibrary=lambda path: library)
    made.py_object = object
    made.pythonapi = types.SimpleNamespace(PyCapsule_GetPointer=types.SimpleNamespace())
    return made
