#!/usr/bin/env python3
"""Writes `functions.json`, the answers of the functions in `functions/`, by the packages as their projects build them for this machine; and
`boosting.json`, those of the functions over LightGBM and XGBoost.

The environment is made so, with CPython 3.13:

    python3.13 -m venv answers
    answers/bin/pip install numpy==2.5.2 pandas==3.0.6 scipy==1.18.1 scikit-learn==1.9.1 statsmodels==0.15.0 \\
        matplotlib==3.11.2 lightgbm==4.7.0 xgboost==3.4.1 pillow==13.0.0 joblib==1.6.0 openpyxl==3.1.5 patsy==1.0.3 formulaic==1.2.2 threadpoolctl==3.7.0
    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 answers/bin/python tests/science/answers.py

`--check` compares with what is in the file instead of writing it: other machines and other kernels of BLAS must agree, too. `--time` tells
how long each takes.
"""

import json
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / 'functions'))
sys.dont_write_bytecode = True

import run  # noqa: E402, found by the path


def answers(libraries, is_timed):
    found = {}
    for library in libraries:
        for name, case in run.cases_of(library).items():
            began = time.perf_counter()
            found[f'{library}.{name}'] = {'tolerance': case.tolerance, **run.answer(case)}
            if is_timed:
                print(f'{time.perf_counter() - began:7.3f} s  {library}.{name}')
    return found


def numbers(value):
    """Magnitudes of all numbers within a value."""
    if isinstance(value, list):
        return [number for item in value for number in numbers(item)]
    return [abs(value)] if isinstance(value, (int, float)) else []


def differences(found, wanted, tolerance, place='', scale=0.0):
    """Where two values differ by more than the tolerance; numbers of one array are measured by the largest of them."""
    if isinstance(wanted, dict) and isinstance(found, dict) and wanted.keys() == found.keys():
        return [line for key in wanted for line in differences(found[key], wanted[key], tolerance, f'{place}.{key}')]
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        if place.endswith('.values'):
            scale = max(numbers(wanted), default=0.0)
        return [line for i, pair in enumerate(zip(found, wanted)) for line in differences(*pair, tolerance, f'{place}[{i}]', scale)]
    if isinstance(wanted, float) and isinstance(found, float) and abs(found - wanted) <= tolerance * max(abs(found), abs(wanted), scale):
        return []
    return [] if found == wanted and type(found) is type(wanted) else [f'{place}: {found!r} instead of {wanted!r}']


def main(arguments):
    problems = [write(HERE / name, libraries, arguments) for name, libraries in {'functions.json': run.LIBRARIES, 'boosting.json': run.BOOSTING}.items()]
    sys.exit('\n'.join(filter(None, problems)))


def write(file, libraries, arguments):
    """Writes the answers of some libraries, or compares them; what is wrong with them."""
    found = answers(libraries, '--time' in arguments)
    failed = [f'{name}: {answer["error"]}' for name, answer in found.items() if 'error' in answer]
    if failed:
        return '\n'.join(failed)
    if '--check' in arguments:
        known = json.loads(file.read_text(encoding='utf-8'))
        lines = [f'{name}{line}' for name, answer in found.items() for line in differences(answer, known.get(name), answer['tolerance'])]
        return '\n'.join(lines)
    lines = [f'{json.dumps(name)}: {json.dumps(answer, allow_nan=False, ensure_ascii=False)}' for name, answer in found.items()]
    text = '{\n' + ',\n'.join(lines) + '\n}\n'
    file.write_text(text, encoding='utf-8')
    print(f'{file.name}: {len(found)} answers, {len(text)} characters')
    return ''


if __name__ == '__main__':
    main(sys.argv[1:])
