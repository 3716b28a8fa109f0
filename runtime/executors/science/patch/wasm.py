"""Reads a WebAssembly module's functions as text, and writes changes to them as a patch (see ../integers.patch for its form).

Instructions are told one a line or separated by `;`, as in WebAssembly's text format, apart from memory instructions, which are told with
offset and alignment as they are encoded (`i32.load 8 a2`), and calls, which name a number or a function that the patch adds.
"""

import hashlib
import re
import struct

VALUE_TYPES = {"i32": 0x7F, "i64": 0x7E, "f32": 0x7D, "f64": 0x7C}
LETTERS = {"i": 0x7F, "I": 0x7E, "f": 0x7D, "d": 0x7C}
MEMORY = (
    "i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u i64.load8_s i64.load8_u i64.load16_s"
    " i64.load16_u i64.load32_s i64.load32_u i32.store i64.store f32.store f64.store i32.store8 i32.store16 i64.store8 i64.store16"
    " i64.store32"
).split()
PLAIN = {0: "unreachable", 1: "nop", 5: "else", 11: "end", 15: "return", 26: "drop", 27: "select"}
PLAIN.update(
    enumerate(
        (
            "i32.eqz i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u i64.eqz i64.eq i64.ne"
            " i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u f32.eq f32.ne f32.lt f32.gt f32.le f32.ge"
            " f64.eq f64.ne f64.lt f64.gt f64.le f64.ge i32.clz i32.ctz i32.popcnt i32.add i32.sub i32.mul i32.div_s i32.div_u"
            " i32.rem_s i32.rem_u i32.and i32.or i32.xor i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr i64.clz i64.ctz i64.popcnt"
            " i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s i64.rem_u i64.and i64.or i64.xor i64.shl i64.shr_s i64.shr_u"
            " i64.rotl i64.rotr f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt f32.add f32.sub f32.mul f32.div"
            " f32.min f32.max f32.copysign f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt f64.add f64.sub f64.mul"
            " f64.div f64.min f64.max f64.copysign i32.wrap_i64 i32.trunc_f32_s i32.trunc_f32_u i32.trunc_f64_s i32.trunc_f64_u"
            " i64.extend_i32_s i64.extend_i32_u i64.trunc_f32_s i64.trunc_f32_u i64.trunc_f64_s i64.trunc_f64_u f32.convert_i32_s"
            " f32.convert_i32_u f32.convert_i64_s f32.convert_i64_u f32.demote_f64 f64.convert_i32_s f64.convert_i32_u"
            " f64.convert_i64_s f64.convert_i64_u f64.promote_f32 i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32"
            " f64.reinterpret_i64 i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s"
        ).split(),
        0x45,
    )
)
SATURATING = [f"{to}.trunc_sat_{source}_{sign}" for to in ("i32", "i64") for source in ("f32", "f64") for sign in "su"]
INDEXED = {0x0C: "br", 0x0D: "br_if", 0x20: "local.get", 0x21: "local.set", 0x22: "local.tee", 0x23: "global.get", 0x24: "global.set"}
BLOCKS = {2: "block", 3: "loop", 4: "if"}
CODES = {name: code for table in (PLAIN, INDEXED, BLOCKS) for code, name in table.items()}


def unsigned(value, width=1):
    """A number as LEB128, of this many bytes at least."""
    out = bytearray()
    while True:
        low, value = value & 0x7F, value >> 7
        width -= 1
        if not value and width <= 0:
            return bytes([*out, low])
        out.append(low | 0x80)


def signed(value):
    out = bytearray()
    while True:
        low, value = value & 0x7F, value >> 7
        if (value == 0 and not low & 0x40) or (value == -1 and low & 0x40):
            return bytes([*out, low])
        out.append(low | 0x80)


class Reader:
    """A place in bytes."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def take(self, length):
        self.at += length
        return self.data[self.at - length : self.at]

    def leb128(self):
        """The number without a sign, how many bits it was written with, and whether the highest of them is set."""
        value = bits = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << bits
            bits += 7
            if byte < 0x80:
                return value, bits, byte & 0x40

    def unsigned(self):
        return self.leb128()[0]

    def signed(self):
        value, bits, negative = self.leb128()
        return value - (1 << bits) if negative else value

    def name(self):
        return self.take(self.unsigned())

    def types(self):
        found = []
        for _ in range(self.unsigned()):
            self.byte()
            found.append((self.name(), self.name()))
        return found

    def numbers(self):
        return [self.unsigned() for _ in range(self.unsigned())]

    def bodies(self):
        return [self.name() for _ in range(self.unsigned())]

    def instruction(self):
        """One instruction as text."""
        code = self.byte()
        if code in PLAIN:
            return PLAIN[code]
        if code in BLOCKS:
            return f"{BLOCKS[code]} {self.signed()}"
        if code in INDEXED:
            return f"{INDEXED[code]} {self.unsigned()}"
        if 0x28 <= code <= 0x3E:
            align, offset = self.unsigned(), self.unsigned()
            return f"{MEMORY[code - 0x28]} {offset} a{align}"
        match code:
            case 0x0E:
                return f"br_table {[self.unsigned() for _ in range(self.unsigned() + 1)]}"
            case 0x10:
                return f"call {self.unsigned()}"
            case 0x11:
                return f"call_indirect type={self.unsigned()} table={self.unsigned()}"
            case 0x1C:
                return f"select {self.name().hex()}"
            case 0x08:
                return f"throw {self.unsigned()}"
            case 0x0A:
                return "throw_ref"
            case 0x1F:
                self.signed()
                for _ in range(self.unsigned()):
                    if self.byte() < 2:
                        self.unsigned()
                    self.unsigned()
                return "try_table"
            case 0x3F | 0x40:
                return f"memory.{'size' if code == 0x3F else 'grow'} {self.byte()}"
            case 0x41:
                return f"i32.const {self.signed()}"
            case 0x42:
                return f"i64.const {self.signed()}"
            case 0x43:
                return f"f32.const {struct.unpack('<f', self.take(4))[0]}"
            case 0x44:
                return f"f64.const {struct.unpack('<d', self.take(8))[0]}"
            case 0xFC:
                code = self.unsigned()
                if code < 8:
                    return SATURATING[code]
                return f"memory.{code} {self.take({10: 2, 11: 1}[code]).hex()}"
            case 0xFD:
                code = self.unsigned()
                if code <= 11 or code in (92, 93):
                    return f"v128.{code} {self.unsigned()} {self.unsigned()}"
                if code in (12, 13):
                    return f"v128.{code} {self.take(16).hex()}"
                if 84 <= code <= 91:
                    return f"v128.{code} {self.unsigned()} {self.unsigned()} {self.byte()}"
                return f"v128.{code} {self.byte()}" if 21 <= code <= 34 else f"v128.{code}"
        raise ValueError(f"instruction {code:#x}")


def lines(text):
    return [line.strip() for line in re.split("[;\n]", text) if line.strip()]


class Patch:
    """A module, and what is to be changed in it."""

    def __init__(self, data):
        self.data = data
        self.types, self.kinds, self.bodies, self.segments, self.names, self.imports = [], [], [], [], {}, 0
        reader = Reader(data, 8)
        while reader.at < len(data):
            kind, end = reader.byte(), reader.unsigned()
            end += reader.at
            self._section(kind, Reader(data, reader.at), end)
            reader.at = end
        self.functions = self.imports + len(self.bodies)
        self.indices = {}
        for index, name in self.names.items():
            self.indices.setdefault(name, []).append(index)
        self.new_types, self.new, self.added, self.edits, self.bodies_instead, self.memory = [], [], {}, {}, {}, []

    def _section(self, kind, reader, end):
        match kind:
            case 1:
                self.types = reader.types()
            case 2:
                for _ in range(reader.unsigned()):
                    reader.name(), reader.name(), reader.byte(), reader.unsigned()
                    self.imports += 1
            case 3:
                self.kinds = reader.numbers()
            case 10:
                self.bodies = reader.bodies()
            case 11:
                for _ in range(reader.unsigned()):
                    if reader.unsigned() != 0:
                        raise ValueError("a segment that is not active")
                    reader.byte()
                    address = reader.signed() & 0xFFFFFFFF
                    reader.byte()
                    self.segments.append((address, reader.name()))
            case 0 if reader.name() == b"name":
                while reader.at < end:
                    part, size = reader.byte(), reader.unsigned()
                    after = reader.at + size
                    if part == 1:
                        for _ in range(reader.unsigned()):
                            index = reader.unsigned()
                            self.names[index] = reader.name().decode()
                    reader.at = after

    # ---- looking

    def function(self, name):
        """The number of the only function with this name."""
        if isinstance(name, int):
            return name
        (index,) = self.indices[name]
        return index

    def body(self, name):
        return self.bodies[self.function(name) - self.imports]

    def parameters(self, name):
        return len((self.types + self.new_types)[self.kinds[self.function(name) - self.imports]][0])

    def instructions(self, name):
        """(offset, text) of each."""
        body = self.body(name)
        reader = Reader(body)
        for _ in range(reader.unsigned()):
            reader.unsigned(), reader.byte()
        found = []
        while reader.at < len(body):
            at = reader.at
            found.append((at, reader.instruction()))
        return found

    def find(self, name, text, count=None):
        """Where a run of instructions begins."""
        wanted, have = lines(text), self.instructions(name)
        found = [have[k][0] for k in range(len(have)) if [told for _, told in have[k : k + len(wanted)]] == wanted]
        if count is not None and len(found) != count:
            raise ValueError(f"{name} has {text} {len(found)} times")
        return found

    def segment(self, address):
        """The memory from an address on, as it is at the start."""
        for start, held in self.segments:
            if start <= address < start + len(held):
                return held[address - start :]
        raise ValueError(f"nothing is at {address}")

    def address(self, text):
        """Where bytes are in memory at the start."""
        for start, held in self.segments:
            if (at := held.find(text)) >= 0:
                return start + at
        raise ValueError(f"{text} is nowhere")

    # ---- changing

    def type(self, parameters, results):
        """The number of a type, which is added where the module has it not."""
        wanted = (parameters, results)
        if wanted not in self.types + self.new_types:
            self.new_types.append(wanted)
        return (self.types + self.new_types).index(wanted)

    def signature(self, text):
        """The same for letters: `iI:d` takes an i32 and an i64 and gives an f64."""
        return self.type(*(bytes(LETTERS[letter] for letter in part) for part in text.split(":")))

    def encode(self, text):
        return b"".join(map(self._encode, lines(text)))

    def _encode(self, line):
        word, *rest = line.split()
        if word in BLOCKS.values():
            kind = rest[0] if rest else "-64"
            return bytes([CODES[word]]) + (bytes([VALUE_TYPES[kind]]) if kind in VALUE_TYPES else signed(int(kind)))
        if word in INDEXED.values():
            return bytes([CODES[word]]) + unsigned(int(rest[0]), 5 if word.startswith("global") else 1)
        if word in CODES:
            return bytes([CODES[word]])
        if word in MEMORY:
            return bytes([0x28 + MEMORY.index(word)]) + unsigned(int(rest[1][1:])) + unsigned(int(rest[0]))
        match word:
            case "call":
                return b"\x10" + unsigned(int(rest[0]) if rest[0].isdigit() else self.added[rest[0]], 5)
            case "call_indirect":
                return b"\x11" + unsigned(int(rest[0].removeprefix("type="))) + b"\x00"
            case "i32.const":
                return b"\x41" + signed(int(rest[0]))
            case "i64.const":
                return b"\x42" + signed(int(rest[0]))
            case "f64.const":
                return b"\x44" + struct.pack("<d", float(rest[0]))
        raise ValueError(line)

    def _body(self, locals_, text):
        declared = b"".join(b"\x01" + bytes([VALUE_TYPES[kind]]) for kind in locals_.split())
        return unsigned(len(locals_.split())) + declared + self.encode(text) + b"\x0b"

    def _add(self, name, kind, body):
        self.added[name] = self.functions + len(self.new)
        self.new.append((name, kind, body))
        return name

    def add(self, name, signature, locals_, text):
        """A new function."""
        return self._add(name, self.signature(signature), self._body(locals_, text))

    def move(self, name):
        """A new function with the body of one that is to be replaced."""
        index = self.function(name)
        return self._add(f"plain_{index}", self.kinds[index - self.imports], index)

    def replace(self, name, locals_, text):
        self.bodies_instead[self.function(name)] = self._body(locals_, text)

    def edit(self, name, at, old, new):
        """Puts instructions in the place of those from an offset on."""
        index, have = self.function(name), self.instructions(name)
        first = [offset for offset, _ in have].index(at)
        told = [text for _, text in have[first : first + len(lines(old))]]
        if told != lines(old):
            raise ValueError(f"{name} at {at}: {told}, not {lines(old)}")
        end = have[first + len(told)][0] if first + len(told) < len(have) else len(self.body(index))
        note = f"{'; '.join(told) or 'nothing'} -> {'; '.join(lines(new))}"
        self.edits.setdefault(index, []).append((at, self.body(index)[at:end], self.encode(new), note))

    def edit_all(self, name, old, new, count=None):
        """Does so wherever the instructions are."""
        found = self.find(name, old, count)
        if not found:
            raise ValueError(f"{name} has no {old}")
        for at in found:
            self.edit(name, at, old, new)

    def enter(self, name, text):
        """Instructions before all of a function's."""
        self.edit(name, self.instructions(name)[0][0], "", text)

    def leave(self, name, text):
        """Instructions after all of a function's that has one way out."""
        have = self.instructions(name)
        if any(told == "return" for _, told in have):
            raise ValueError(f"{name} returns in several places")
        self.edit(name, have[-1][0], "", text)

    def poke(self, address, old, new):
        """Bytes of memory in the place of others."""
        if not self.segment(address).startswith(old) or len(old) != len(new):
            raise ValueError(f"memory at {address}")
        self.memory.append((address, old, new))

    def add_object(self, path):
        """The functions of an object file, none of which calls anything or has data."""
        with open(path, "rb") as file:
            held = file.read()
        reader, types, kinds, bodies, names = Reader(held, 8), [], [], [], {}
        while reader.at < len(held):
            kind, end = reader.byte(), reader.unsigned()
            end += reader.at
            match kind:
                case 1:
                    types = reader.types()
                case 3:
                    kinds = reader.numbers()
                case 10:
                    bodies = reader.bodies()
                case 0:
                    section = reader.name()
                    if section == b"reloc.CODE":
                        raise ValueError(f"{path} refers to something outside")
                    if section == b"linking":
                        names = self._symbols(reader, end)
            reader.at = end
        for index, body in enumerate(bodies):
            self._add(names[index], self.type(*types[kinds[index]]), body)

    @staticmethod
    def _symbols(reader, end):
        names = {}
        reader.unsigned()
        while reader.at < end:
            part, size = reader.byte(), reader.unsigned()
            after = reader.at + size
            if part == 8:
                for _ in range(reader.unsigned()):
                    if reader.byte() != 0:
                        raise ValueError("a symbol that is no function")
                    reader.unsigned()
                    index = reader.unsigned()
                    names[index] = reader.name().decode()
            reader.at = after
        return names

    # ---- writing

    def write(self, file, head):
        def digest(held):
            return hashlib.sha256(held).hexdigest()

        def wrapped(held):
            text = held.hex()
            return "".join(f"  {text[at : at + 120]}\n" for at in range(0, len(text), 120))

        file.write(head + f"module {digest(self.data)} {self.functions}\n")
        for place, (parameters, results) in enumerate(self.new_types):
            encoded = b"\x60" + unsigned(len(parameters)) + parameters + unsigned(len(results)) + results
            file.write(f"\ntype {len(self.types) + place} {encoded.hex()}\n")
        for name, kind, body in self.new:
            if isinstance(body, int):
                file.write(f"\ncopy {self.added[name]} {name} type {kind} of {body} {digest(self.body(body))}\n")
            else:
                file.write(f"\nfunction {self.added[name]} {name} type {kind}\n{wrapped(body)}")
        for index in sorted({*self.edits, *self.bodies_instead}):
            told = f"{index} {digest(self.body(index))} {self.names[index]}"
            if index in self.bodies_instead:
                file.write(f"\nreplace {told}\n{wrapped(self.bodies_instead[index])}")
                continue
            file.write(f"\nchange {told}\n")
            for at, old, new, note in sorted(self.edits[index]):
                file.write(f"  # {note[:130]}\n  {at} {old.hex() or '-'} {new.hex() or '-'}\n")
        for address, old, new in self.memory:
            file.write(f"\ndata {address} {old.hex()} {new.hex()}\n")
