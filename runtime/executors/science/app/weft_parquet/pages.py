"""The pages of a column in one group of rows: levels, dictionary, values."""

from dataclasses import dataclass

import numpy as np

from . import codecs
from .bits import read_runs, width_of
from .encodings import PLAIN, PLAIN_DICTIONARY, RLE_DICTIONARY, Leaf
from .errors import ParquetError, Unsupported
from .schema import Chunk, Node
from .thrift import Reader

DATA, INDEX, DICTIONARY, DATA_V2 = range(4)
RLE, BIT_PACKED = 3, 4
LARGEST = 1 << 30
"""Bytes of a page."""


@dataclass
class Levels:
    """For each place of a column how far it is defined, and at which list it goes on; `None` where that is always the same."""

    defined: np.ndarray | None
    repeated: np.ndarray | None
    count: int


@dataclass
class Page:
    levels: Levels
    values: np.ndarray
    """Of the places that have one; the numbers of these in the dictionary where `is_coded`."""
    is_coded: bool


@dataclass
class Pages:
    dictionary: np.ndarray | None
    pages: list[Page]


def read_pages(data: bytes, chunk: Chunk, node: Node, most_repeated: int) -> Pages:
    """All pages of a chunk. `most_repeated` is how many lists are around the leaf."""
    try:
        return pages_of(data, chunk, node, most_repeated)
    except (KeyError, TypeError, AttributeError) as error:
        raise ParquetError(f"a page's header is not as it must be: {type(error).__name__}: {error}") from None


def pages_of(data: bytes, chunk: Chunk, node: Node, most_repeated: int) -> Pages:
    kind = node.field.kind
    leaf = Leaf(node.physical, kind.size if kind.size else 2, kind.name in ("text", "json"))
    at, end, have = chunk.begin, chunk.begin + chunk.size, 0
    found = Pages(None, [])
    view = memoryview(data)
    while have < chunk.count:
        if at >= end:
            raise ParquetError(f"column {node.field.name!r} ends after {have} of {chunk.count} values")
        reader = Reader(view[at:end])
        header = reader.structure()
        at += reader.at
        kind, size, compressed = header.get(1), header.get(2, -1), header.get(3, -1)
        if not 0 <= size <= LARGEST or not 0 <= compressed <= end - at:
            raise ParquetError(f"a page of column {node.field.name!r} is said to have {compressed} bytes, {size} without compression")
        body = data[at : at + compressed]
        at += compressed
        if kind == DICTIONARY:
            if found.dictionary is not None:
                raise ParquetError(f"column {node.field.name!r} has two dictionaries")
            found.dictionary = read_dictionary(header.get(7, {}), codecs.decompress(chunk.codec, body, size), leaf)
        elif kind in (DATA, DATA_V2):
            count = header.get(5 if kind == DATA else 8, {}).get(1, -1)
            if not 0 <= count <= chunk.count - have:
                raise ParquetError(f"a page of column {node.field.name!r} has {count} values where {chunk.count - have} are left")
            read = read_page if kind == DATA else read_page_v2
            said = header[5 if kind == DATA else 8]
            found.pages.append(read(said, body, size, chunk.codec, (node.defined, most_repeated), leaf, found.dictionary))
            have += count
    return found


def read_dictionary(said: dict, body: bytes, leaf: Leaf) -> np.ndarray:
    if said.get(2) not in (PLAIN, PLAIN_DICTIONARY):
        raise ParquetError(f"a dictionary has the encoding {said.get(2)}, which it cannot have")
    count = said.get(1, -1)
    # The smallest values are bits.
    if not 0 <= count <= len(body) * 8:
        raise ParquetError(f"a dictionary has {count} values in {len(body)} bytes")
    return leaf.decode(PLAIN, body, count)


Most = tuple[int, int]
"""The highest levels of definition and of repetition."""


def read_page(said: dict, body: bytes, size: int, codec: int, most: Most, leaf: Leaf, dictionary: np.ndarray | None) -> Page:
    body = codecs.decompress(codec, body, size)
    count = said[1]
    repeated, body = levels_before(body, most[1], count, said.get(4, RLE))
    defined, body = levels_before(body, most[0], count, said.get(3, RLE))
    return page(Levels(defined, repeated, count), said.get(2, -1), body, most[0], leaf, dictionary)


def levels_before(body: bytes, most: int, count: int, encoding: int) -> tuple[np.ndarray | None, bytes]:
    """Levels, which have their length before them."""
    if most == 0:
        return None, body
    if encoding != RLE:
        raise Unsupported("a page has its levels in the form that Parquet gave up before 2.0")
    size = int.from_bytes(body[:4], "little")
    if len(body) < 4 or size > len(body) - 4:
        raise ParquetError("a page ends within its levels")
    return levels(body[4 : 4 + size], most, count), body[4 + size :]


def levels(data: bytes, most: int, count: int) -> np.ndarray:
    found = read_runs(data, width_of(most), count, np.uint8)
    if count and found.max() > most:
        raise ParquetError(f"a page has a level of {found.max()} where {most} is the highest")
    return found


def read_page_v2(said: dict, body: bytes, size: int, codec: int, most: Most, leaf: Leaf, dictionary: np.ndarray | None) -> Page:
    count, of_defined, of_repeated = said[1], said.get(5, 0), said.get(6, 0)
    before = of_defined + of_repeated
    if min(of_defined, of_repeated) < 0 or before > min(len(body), size):
        raise ParquetError("a page ends within its levels")
    repeated = levels(body[:of_repeated], most[1], count) if most[1] else None
    defined = levels(body[of_repeated:before], most[0], count) if most[0] else None
    body = body[before:]
    # Without values there may be nothing that could be decompressed.
    if said.get(7, True) and (body or size > before):
        body = codecs.decompress(codec, body, size - before)
    return page(Levels(defined, repeated, count), said.get(4, -1), body, most[0], leaf, dictionary)


def page(levels: Levels, encoding: int, body: bytes, most: int, leaf: Leaf, dictionary: np.ndarray | None) -> Page:
    count = levels.count if levels.defined is None else int(np.count_nonzero(levels.defined == most))
    if encoding not in (PLAIN_DICTIONARY, RLE_DICTIONARY):
        return Page(levels, leaf.decode(encoding, body, count), is_coded=False)
    if dictionary is None:
        raise ParquetError("a page refers to a dictionary that is not there")
    if count == 0:
        return Page(levels, np.zeros(0, np.int32), is_coded=True)
    if not body:
        raise ParquetError("a page ends before its values")
    codes = read_runs(body[1:], body[0], count, np.uint32)
    if codes.max() >= len(dictionary):
        raise ParquetError(f"a page refers to value {codes.max()} of a dictionary of {len(dictionary)}")
    return Page(levels, codes.astype(np.int32), is_coded=True)
