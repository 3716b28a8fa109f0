"""Parquet for pandas where there is no pyarrow: files are read and written by numpy and what is in this folder.

`pandas.read_parquet` and `DataFrame.to_parquet` give what they give with pyarrow; whichever engine they are asked for, this one answers.
From a file to a table the way is `schema` (the footer, by `thrift`), `pages` (by `codecs`, `encodings`, `bits`), `arrays` (columns of their
levels), `objects` and `frame`; the way back `tables`, `arrays`, `writer`. `kinds` has the types and columns that both have in the middle, `arrow`
(by `flat`) Arrow's own schema, which files have besides.
"""

import pandas.io.parquet

from . import engine


def install() -> None:
    """Has pandas ask this engine."""
    pandas.io.parquet.get_engine = engine.engine
