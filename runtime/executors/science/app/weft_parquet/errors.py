"""What goes wrong with Parquet files."""


class ParquetError(ValueError):
    """A file is not Parquet, is damaged, or says of itself what cannot be."""


class Unsupported(NotImplementedError):
    """A file, or what is asked of it, needs what is not here."""


LEAST = 1 << 24
RATIO = 4096


def plausible(count: int, size: int, what: str) -> int:
    """`count` of something in `size` bytes, unless no writer would have got so many in there: memory is taken by what is said to be there."""
    if not 0 <= count <= LEAST + RATIO * size:
        raise ParquetError(f"{what}: {count} in {size} bytes cannot be")
    return count
