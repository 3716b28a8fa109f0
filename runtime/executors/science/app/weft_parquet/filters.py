"""Which rows `filters` leave: `[(column, op, value), ...]` that must all be met, or a list of such lists, one of which must be."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from .frame import Table, array_of

Condition = tuple[str, str, object]

OPERATORS: dict[str, Callable[[pd.Series, object], pd.Series]] = {
    "=": lambda column, value: column == value,
    "==": lambda column, value: column == value,
    "!=": lambda column, value: column != value,
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
    ">": lambda column, value: column > value,
    ">=": lambda column, value: column >= value,
    "in": lambda column, value: column.isin(list(value)),
    "not in": lambda column, value: ~column.isin(list(value)),
}


def alternatives(filters: object) -> list[list[Condition]]:
    """`filters` as a list of lists."""
    if not isinstance(filters, (list, tuple)):
        raise NotImplementedError("filters are read here as lists of (column, op, value), not as expressions of pyarrow")
    nested = list(filters) if filters and all(isinstance(one, list) for one in filters) else [list(filters)]
    for one in (condition for conditions in nested for condition in conditions):
        if not (isinstance(one, (list, tuple)) and len(one) == 3 and isinstance(one[0], str)):
            raise ValueError(f"a filter is (column, op, value), not {one!r}")
        if one[1] not in OPERATORS:
            raise ValueError(f"{one!r} has the operator {one[1]!r}, which is none of {', '.join(OPERATORS)}")
        if one[1] in ("in", "not in") and (isinstance(one[2], str) or not hasattr(one[2], "__iter__")):
            raise ValueError(f"{one!r} needs a list or set of values")
    return nested


def mask(table: Table, rows: int, nested: list[list[Condition]]) -> np.ndarray:
    """True for each row that is left. A null meets nothing but `not in`."""
    known: dict[str, pd.Series] = {}

    def column(name: str) -> pd.Series:
        if name not in known:
            found = pd.Series(array_of(*table[name]))
            known[name] = found.astype(found.cat.categories.dtype) if isinstance(found.dtype, pd.CategoricalDtype) else found
        return known[name]

    out = np.zeros(rows, bool)
    for conditions in nested:
        one = np.ones(rows, bool)
        for name, operator, value in conditions:
            found = column(name)
            met = OPERATORS[operator](found, value)
            one &= np.asarray(met.fillna(False) if met.dtype != bool else met, bool)
            if operator not in ("in", "not in"):
                one &= found.notna().to_numpy()
        out |= one
    return out
