#!/usr/bin/env python3
"""Damaged files, by seeds: `hostile.py [FIRST [COUNT]]`. Each is read or gives a `ParquetError` or `Unsupported`, in little time and memory."""

import io
import pathlib
import resource
import sys
import time
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[2] / 'runtime/executors/science/app')]
sys.dont_write_bytecode = True

import numpy as np  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
import compare  # noqa: E402
import tables  # noqa: E402
from weft_parquet.engine import Engine  # noqa: E402
from weft_parquet.errors import ParquetError, Unsupported  # noqa: E402


def damaged(seed):
    one, table = tables.table(seed)
    file = io.BytesIO()
    try:
        pq.write_table(table, file, **compare.options(one, table))
    except Exception:  # pylint: disable=broad-except
        return None
    data = bytearray(file.getvalue())
    for _ in range(int(one.integers(1, 4))):
        # Half of the damage is in what the file says of itself.
        footer = int.from_bytes(data[-8:-4], 'little') + 8 if one.random() < 0.5 else len(data)
        at = len(data) - 1 - int(one.integers(min(footer, len(data))))
        how = int(one.integers(4))
        if how == 0:
            data[at] ^= 1 << int(one.integers(8))
        elif how == 1:
            data[at:at + 9] = b'\xff' * 8 + b'\x7f'
        elif how == 2:
            data[at] = int(one.integers(256))
        else:
            data[at:at + int(one.integers(1, 9))] = b''
    return bytes(data)


def main(first=0, count=1000):
    warnings.simplefilter('ignore')
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    outcomes, slowest = {}, (0.0, 0)
    for seed in range(int(first), int(first) + int(count)):
        data = damaged(seed)
        if data is None:
            continue
        began = time.process_time()
        try:
            Engine().read(io.BytesIO(data))
            outcome = 'read'
        except (ParquetError, Unsupported):
            outcome = 'refused'
        except Exception as error:  # pylint: disable=broad-except
            outcome = type(error).__name__
            if outcomes.get(outcome, 0) < 3:
                import traceback
                print(seed, traceback.format_exc(limit=-3), flush=True)
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        slowest = max(slowest, (time.process_time() - began, seed))
    print(outcomes, 'slowest', slowest, 'peak MiB', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)


if __name__ == '__main__':
    main(*sys.argv[1:])
