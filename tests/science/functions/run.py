"""Runs the functions of this folder."""

import importlib
import traceback
import warnings

from cases import cases, plain

BOOSTING = ('lightgbm', 'xgboost')
LIBRARIES = ('numpy', 'pandas', 'scipy', 'sklearn', 'statsmodels', 'matplotlib')


def cases_of(library):
    """The functions for one library, by name."""
    return cases(importlib.import_module(f'with_{library}'))


def answer(case):
    """What a function gave: its value, or the error that it ended with."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            return {'value': plain(case())}
    except Exception:  # pylint: disable=broad-except
        return {'error': traceback.format_exc()}


def answers(library):
    """What all functions for one library gave."""
    return {f'{library}.{name}': answer(case) for name, case in cases_of(library).items()}
