#!/usr/bin/env python3
"""Writes a wheel that says it is for any machine, and whose one module is machine code: `lying_wheel.py FOLDER`."""

import pathlib
import sys
import zipfile

FILES = {
    'lying/__init__.py': b'from ._machine import answer\n',
    # The head of a shared library, as far as it is looked at.
    'lying/_machine.abi3.so': b'\x7fELF\x02\x01\x01' + bytes(120),
    'lying-1.0.dist-info/METADATA': b'Metadata-Version: 2.1\nName: lying\nVersion: 1.0\n',
    'lying-1.0.dist-info/WHEEL': b'Wheel-Version: 1.0\nGenerator: none\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    'lying-1.0.dist-info/RECORD': b'',
}


def main(folder):
    with zipfile.ZipFile(pathlib.Path(folder) / 'lying-1.0-py3-none-any.whl', 'w') as wheel:
        for name, data in FILES.items():
            wheel.writestr(name, data)


if __name__ == '__main__':
    main(sys.argv[1])
