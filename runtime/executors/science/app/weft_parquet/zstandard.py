"""Zstandard, decompressed (RFC 8878): the interpreter has not its library. Checksums are passed over, dictionaries refused."""

from .errors import ParquetError, Unsupported

MAGIC = b"\x28\xb5\x2f\xfd"
LARGEST_BLOCK = 1 << 17
Fse = tuple[int, list[int], list[int], list[int]]
"""Bits of a state, and by state its symbol, the bits to read for the next one, and what to add them to."""
Huffman = tuple[int, list[int], list[int]]
"""Bits of the longest code, and by as many bits the symbol and the length of its code."""

LITERAL_LENGTHS = [(code, 0) for code in range(16)] + [
    (16, 1), (18, 1), (20, 1), (22, 1), (24, 2), (28, 2), (32, 3), (40, 3), (48, 4), (64, 6), *((1 << bits, bits) for bits in range(7, 17)),
]  # fmt: skip
MATCH_LENGTHS = [(code + 3, 0) for code in range(32)] + [
    (35, 1), (37, 1), (39, 1), (41, 1), (43, 2), (47, 2), (51, 3), (59, 3), (67, 4), (83, 4), (99, 5),
    *((3 + (1 << bits), bits) for bits in range(7, 17)),
]  # fmt: skip
"""By their codes the least length, and the bits that say how much more it is."""


class Backwards:
    """Bits from the last to the first; the highest one of all says only where they begin."""

    def __init__(self, data: bytes) -> None:
        if not data or not data[-1]:
            raise ParquetError("a compressed page has a stream of bits without a beginning")
        self.data = data
        self.left = len(data) * 8 - 9 + data[-1].bit_length()

    def read(self, count: int) -> int:
        self.left -= count
        if self.left < 0:
            raise ParquetError("a compressed page ends within a stream of bits")
        byte = self.left >> 3
        return (int.from_bytes(self.data[byte : byte + 8], "little") >> (self.left & 7)) & ((1 << count) - 1)


def decompress(data: bytes, size: int) -> bytes:
    """The content of all frames, which is to be `size` bytes."""
    out = bytearray()
    at = 0
    try:
        while at < len(data):
            if data[at + 1 : at + 4] == b"\x2a\x4d\x18" and data[at] >> 4 == 5:
                at += 8 + int.from_bytes(data[at + 4 : at + 8], "little")
                continue
            if data[at : at + 4] != MAGIC:
                raise ParquetError("a compressed page is no Zstandard")
            at = frame(data, at + 4, out, size)
    except IndexError:
        raise ParquetError("a compressed page was cut off, or refers to what is not there") from None
    return bytes(out)


def frame(data: bytes, at: int, out: bytearray, size: int) -> int:
    """Puts a frame's content into `out`; where it ends."""
    about = data[at]
    is_single = about >> 5 & 1
    if about & 3:
        raise Unsupported("a page is compressed with a dictionary of Zstandard")
    at += 1 + (not is_single) + (is_single, 2, 4, 8)[about >> 6]
    state = Frame(out, len(out))
    is_last = False
    while not is_last:
        if at + 3 > len(data):
            raise ParquetError("a compressed page was cut off")
        head = int.from_bytes(data[at : at + 3], "little")
        at += 3
        is_last, kind, length = bool(head & 1), head >> 1 & 3, head >> 3
        if length > LARGEST_BLOCK and kind != 1 or len(out) + (length if kind < 2 else 0) > size:
            raise ParquetError(f"a compressed page has not the {size} bytes that its header says")
        taken = 1 if kind == 1 else length
        if taken > len(data) - at:
            raise ParquetError("a compressed page was cut off")
        if kind == 0:
            out += data[at : at + length]
        elif kind == 1:
            out += data[at : at + 1] * length
        elif kind == 2:
            state.block(data[at : at + length], size)
        else:
            raise ParquetError("a compressed page has a block of an unknown kind")
        at += taken
    return at + 4 * (about >> 2 & 1)


class Frame:
    """What blocks take over from those before."""

    def __init__(self, out: bytearray, begin: int) -> None:
        self.out, self.begin = out, begin
        self.huffman: Huffman | None = None
        self.tables: list[Fse | None] = [None, None, None]
        self.recent = [1, 4, 8]

    def block(self, data: bytes, size: int) -> None:
        literals, at = self.literals(data)
        count = data[at]
        at += 1
        if count == 255:
            count = data[at] + (data[at + 1] << 8) + 0x7F00
            at += 2
        elif count > 127:
            count = (count - 128 << 8) + data[at]
            at += 1
        if count == 0:
            self.out += literals
            return
        modes = data[at]
        at += 1
        for place, (shift, default, longest) in enumerate(((6, LITERAL_DEFAULT, 9), (4, OFFSET_DEFAULT, 8), (2, MATCH_DEFAULT, 9))):
            mode = modes >> shift & 3
            if mode == 0:
                self.tables[place] = default
            elif mode == 1:
                self.tables[place] = (0, [data[at]], [0], [0])
                at += 1
            elif mode == 2:
                self.tables[place], at = read_fse(data, at, longest)
        self.sequences(literals, Backwards(data[at:]), count, size)

    def literals(self, data: bytes) -> tuple[bytes, int]:
        """The bytes that blocks do not copy, and where they end."""
        kind, form = data[0] & 3, data[0] >> 2 & 3
        if kind < 2:
            head = (1, 2, 1, 3)[form]
            length = int.from_bytes(data[:head], "little") >> (3 if head == 1 else 4)
            if length > LARGEST_BLOCK:
                raise ParquetError("a compressed page has too long a block")
            if kind == 1:
                return data[head : head + 1] * length, head + 1
            return data[head : head + length], head + length
        head, bits = ((3, 10), (3, 10), (4, 14), (5, 18))[form]
        said = int.from_bytes(data[:head], "little") >> 4
        length, packed = said & (1 << bits) - 1, said >> bits
        if length > LARGEST_BLOCK or head + packed > len(data):
            raise ParquetError("a compressed page has too long a block")
        end, at = head + packed, head
        if kind == 2:
            self.huffman, at = read_huffman(data[:end], at)
        if self.huffman is None:
            raise ParquetError("a compressed page takes over a code from no block")
        if form == 0:
            return decode(self.huffman, data[at:end], length), end
        sizes = [int.from_bytes(data[at + 2 * stream : at + 2 * stream + 2], "little") for stream in range(3)]
        at += 6
        part = (length + 3) // 4
        found = b""
        for stream in range(4):
            stop = at + sizes[stream] if stream < 3 else end
            found += decode(self.huffman, data[at : min(stop, end)], part if stream < 3 else length - 3 * part)
            at = stop
        return found, end

    def sequences(self, literals: bytes, bits: Backwards, count: int, size: int) -> None:
        """Puts literals and copies of what came before one behind the other."""
        if None in self.tables:
            raise ParquetError("a compressed page takes over a table from no block")
        out, recent, read = self.out, self.recent, bits.read
        (log_l, symbol_l, bits_l, base_l), (log_o, symbol_o, bits_o, base_o), (log_m, symbol_m, bits_m, base_m) = self.tables
        state_l, state_o, state_m = read(log_l), read(log_o), read(log_m)
        at = 0
        for number in range(count):
            code = symbol_o[state_o]
            if code > 31:
                raise ParquetError("a compressed page copies from too far back")
            value = (1 << code) + read(code)
            least, more = MATCH_LENGTHS[symbol_m[state_m]]
            length = least + (read(more) if more else 0)
            least, more = LITERAL_LENGTHS[symbol_l[state_l]]
            literal = least + (read(more) if more else 0)
            if number + 1 < count:
                state_l = base_l[state_l] + read(bits_l[state_l])
                state_m = base_m[state_m] + read(bits_m[state_m])
                state_o = base_o[state_o] + read(bits_o[state_o])
            if value > 3:
                back = value - 3
                recent[:] = back, recent[0], recent[1]
            else:
                which = value - 1 + (literal == 0)
                back = recent[which] if which < 3 else recent[0] - 1
                if which:
                    recent[:] = back, recent[0], recent[1] if which > 1 else recent[2]
            if literal > len(literals) - at or len(out) + literal + length > size:
                raise ParquetError("a compressed page has more than its header says")
            out += literals[at : at + literal]
            at += literal
            begin = len(out) - back
            if back < 1 or begin < self.begin:
                raise ParquetError("a compressed page copies what comes before its beginning")
            out += out[begin : begin + length] if length <= back else (out[begin:] * (length // back + 1))[:length]
        if bits.left:
            raise ParquetError("a compressed page has bits that belong to nothing")
        out += literals[at:]


def fse(shares: list[int], log: int) -> Fse:
    """The table of states for symbols that have shares of them; -1 is a share of less than one."""
    size = 1 << log
    symbols = [0] * size
    high = size - 1
    for symbol, share in enumerate(shares):
        if share == -1:
            symbols[high] = symbol
            high -= 1
    place, step = 0, (size >> 1) + (size >> 3) + 3
    for symbol, share in enumerate(shares):
        for _ in range(share):
            symbols[place] = symbol
            place = (place + step) & (size - 1)
            while place > high:
                place = (place + step) & (size - 1)
    following = [abs(share) for share in shares]
    bits, base = [], []
    for symbol in symbols:
        state = following[symbol]
        following[symbol] += 1
        bits.append(log + 1 - state.bit_length())
        base.append((state << bits[-1]) - size)
    return log, symbols, bits, base


def read_fse(data: bytes, at: int, longest: int) -> tuple[Fse, int]:
    """A table that is described by the shares of its symbols; where the description ends."""
    value = int.from_bytes(data[at : at + 512], "little")
    log, bit = (value & 15) + 5, 4
    if log > longest:
        raise ParquetError("a compressed page has too large a table")
    left, shares = 1 << log, []
    while left > 0:
        count = (left + 1).bit_length()
        found = value >> bit & (1 << count) - 1
        low, threshold = (1 << count - 1) - 1, (1 << count) - 2 - left
        bit += count
        if found & low < threshold:
            found &= low
            bit -= 1
        elif found > low:
            found -= threshold
        shares.append(found - 1)
        left -= abs(found - 1)
        while shares[-1] == 0:
            zeros = value >> bit & 3
            bit += 2
            shares += [0] * zeros
            if zeros < 3:
                break
        if len(shares) > 256:
            raise ParquetError("a compressed page has a table of too many symbols")
    end = at + (bit + 7) // 8
    if left < 0 or end > len(data):
        raise ParquetError("a compressed page has a table that cannot be")
    return fse(shares, log), end


def read_huffman(data: bytes, at: int) -> tuple[Huffman, int]:
    """A code that is described by the weights of its symbols; where the description ends."""
    head = data[at]
    at += 1
    if head >= 128:
        count = head - 127
        end = at + (count + 1) // 2
        weights = [data[at + place // 2] >> (0 if place % 2 else 4) & 15 for place in range(count)]
    else:
        end = at + head
        (log, symbols, bits, base), at = read_fse(data[:end], at, 6)
        stream = Backwards(data[at:end])
        states, weights, turn = [stream.read(log), stream.read(log)], [], 0
        while len(weights) < 255:
            state = states[turn]
            weights.append(symbols[state])
            if stream.left < bits[state]:
                weights.append(symbols[states[1 - turn]])
                break
            states[turn] = base[state] + stream.read(bits[state])
            turn = 1 - turn
    total = sum(1 << weight - 1 for weight in weights if weight)
    longest = total.bit_length()
    rest = (1 << longest) - total
    if not 0 < longest <= 11 or rest & rest - 1 or len(weights) > 255:
        raise ParquetError("a compressed page has a code that cannot be")
    weights.append(rest.bit_length())
    symbols, lengths = [], []
    for weight in range(1, longest + 1):
        for symbol, own in enumerate(weights):
            if own == weight:
                symbols += [symbol] * (1 << weight - 1)
                lengths += [longest + 1 - weight] * (1 << weight - 1)
    return (longest, symbols, lengths), end


WINDOW = 64
"""Bytes of a stream that are looked at as one number."""


def decode(code: Huffman, data: bytes, count: int) -> bytes:
    """So many symbols of a stream."""
    longest, symbols, lengths = code
    left = Backwards(data).left
    # What a code would reach beyond the beginning is zeros.
    data = bytes(2) + data
    left += 16
    mask, out = (1 << longest) - 1, bytearray()
    append = out.append
    while len(out) < count and left > 16:
        low = max(0, (left + 7) // 8 - WINDOW)
        window = int.from_bytes(data[low : low + WINDOW], "little")
        place = left - low * 8
        stop = longest if low else 16
        end = min(count, len(out) + WINDOW * 8)
        while place > stop and len(out) < end:
            index = window >> place - longest & mask
            append(symbols[index])
            place -= lengths[index]
        left = low * 8 + place
    if len(out) != count or left != 16:
        raise ParquetError("a compressed page has a stream that does not end where it should")
    return bytes(out)


LITERAL_DEFAULT = fse([4, 3, *[2] * 11, 1, 1, 1, *[2] * 9, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1], 6)
OFFSET_DEFAULT = fse([1, 1, 1, 1, 1, 1, 2, 2, 2, *[1] * 15, -1, -1, -1, -1, -1], 5)
MATCH_DEFAULT = fse([1, 4, 3, *[2] * 6, *[1] * 37, *[-1] * 7], 6)
