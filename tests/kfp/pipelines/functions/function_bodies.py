"""What function bodies hold in practice: classes, generators, comprehensions, dataclasses, decorators, globals, lambdas, f-strings,
regular expressions, the standard library's modules."""

from typing import Dict, List, Optional

from kfp import dsl


@dsl.component
def modern(words: List[str], factor: Optional[float] = None) -> Dict[str, int]:
    """Counts.

    Args:
        words: What to count, as "text" or 'text' or \"""text\""".
        factor: Nothing.
    """
    import collections
    import dataclasses
    import functools
    import re

    @dataclasses.dataclass(frozen=True)
    class Word:
        text: str

        @property
        def size(self) -> int:
            return len(self.text)

    @functools.lru_cache(maxsize=None)
    def clean(text):
        return re.sub(r'[^\w]+', '', text).lower()

    def pairs():
        for word in words:
            yield Word(clean(word))

    counts = collections.Counter()
    for word in pairs():
        match word.size:
            case 0:
                continue
            case size if size > 3:
                counts['long'] += 1
            case _:
                counts['short'] += 1
    if (total := sum(counts.values())) > 0:
        counts['total'] = total
    return dict(counts)


@dsl.component
def library() -> str:
    import base64
    import csv
    import datetime
    import decimal
    import fractions
    import gzip
    import hashlib
    import heapq
    import io
    import itertools
    import json
    import math
    import pickle
    import statistics
    import string
    import struct
    import tarfile
    import tempfile
    import textwrap
    import uuid
    import xml.etree.ElementTree as tree
    import zipfile
    import zlib

    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(f'{folder}/a.zip', 'w') as archive:
            archive.writestr('x.txt', 'zipped')
        with zipfile.ZipFile(f'{folder}/a.zip') as archive:
            zipped = archive.read('x.txt').decode()
        with tarfile.open(f'{folder}/a.tar.gz', 'w:gz') as archive:
            archive.add(f'{folder}/a.zip', 'b.zip')
        with tarfile.open(f'{folder}/a.tar.gz') as archive:
            tarred = archive.getnames()
    values = [
        base64.b64encode(b'abc').decode(), next(csv.reader(io.StringIO('"a,b",c')))[0], str(datetime.date(2024, 2, 29) + datetime.timedelta(1)),
        str(decimal.Decimal('0.1') * 3), str(fractions.Fraction(1, 3) + 1), gzip.decompress(gzip.compress(b'z')).decode(),
        hashlib.md5(b'x').hexdigest()[:4], str(heapq.nsmallest(1, [3, 1])), ''.join(itertools.chain('a', 'b')),
        str(json.loads('[1]')), str(math.isclose(math.pi, 3.14159, abs_tol=1e-5)), str(pickle.loads(pickle.dumps({'p': 1}))),
        str(statistics.median([1, 5, 2])), string.Template('$x').substitute(x='t'), str(struct.unpack('<h', b'\x01\x00')[0]),
        textwrap.shorten('hello big world', 11), str(uuid.UUID(int=1))[-1], tree.fromstring('<a b="c"/>').get('b'),
        zipped, tarred[0], zlib.decompress(zlib.compress(b'y')).decode(),
    ]
    return ' '.join(values)


@dsl.component
def show(counts: Dict[str, int], text: str) -> str:
    return f"{counts['long']:g} {counts['short']:g} {counts['total']:g} | {text}"


@dsl.pipeline(name='function-bodies')
def pipeline() -> str:
    counts = modern(words=['Hello,', 'a', 'b!', '--', 'World'])
    return show(counts=counts.output, text=library().output).output


EXPECT = {
    'outputs': {'Output': '2 2 4 | YWJj a,b 2024-03-01 0.3 4/3 z 9dd4 [1] ab [1] True {\'p\': 1} 2 t 1 hello [...] 1 c zipped b.zip y'},
    'compare': True,
}
