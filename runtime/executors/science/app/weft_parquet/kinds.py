"""Types of columns, as Arrow has them: what Parquet's physical and logical types mean, and what pandas' become."""

from dataclasses import dataclass, field, replace

import numpy as np


@dataclass(frozen=True)
class Kind:
    """A type. `name` is one of

    `null bool int float decimal text json bytes fixed date time timestamp duration list map struct uuid`,

    the rest what each needs: bits of numbers, the unit of times (`s ms us ns`), fields within.
    """

    name: str
    bits: int = 0
    signed: bool = True
    unit: str = ""
    zone: str | None = None
    """Of a timestamp. `UTC` where a file does not say more than that it is an instant."""
    precision: int = 0
    scale: int = 0
    size: int = 0
    """Bytes of each value, where that is fixed."""
    fields: tuple["Field", ...] = ()
    is_dictionary: bool = False
    """Values are categories, as pandas calls them."""
    ordered: bool = False
    is_large: bool = False
    """Texts of which Arrow would count the bytes in 64 bits."""

    @property
    def dtype(self) -> np.dtype | None:
        """numpy's for values without nulls, where it has one."""
        if self.name == "int":
            return np.dtype(f"{'i' if self.signed else 'u'}{self.bits // 8}")
        if self.name == "float":
            return np.dtype(f"f{self.bits // 8}")
        if self.name == "bool":
            return np.dtype(bool)
        if self.name == "timestamp":
            return np.dtype(f"M8[{self.unit}]")
        if self.name == "duration":
            return np.dtype(f"m8[{self.unit}]")
        return None


@dataclass(frozen=True)
class Field:
    name: str
    kind: Kind
    nullable: bool = True
    metadata: dict[str, str] = field(default_factory=dict, hash=False)

    def with_kind(self, kind: Kind) -> "Field":
        return replace(self, kind=kind)


@dataclass
class Column:
    """Values of one type, as Arrow lays them out.

    `values` has one item for each row: numbers as they are (times as whole numbers of their unit), objects, rows of bytes; what it has for a
    null is of no meaning. A list has `offsets` into its one child instead, a structure only children, categories their codes and `categories`.
    """

    kind: Kind
    length: int
    valid: np.ndarray | None = None
    values: np.ndarray | None = None
    offsets: np.ndarray | None = None
    children: tuple["Column", ...] = ()
    categories: np.ndarray | None = None

    @property
    def has_nulls(self) -> bool:
        return self.valid is not None
