"""What pipelines do with the packages, done once: the functions of the interpreter that it calls are compiled first (`usual.txt`).

It runs in the place of `start.py` when that list is made. What fails is noted in `/corpus/failed.txt`.
"""

import sys

sys.dont_write_bytecode = True
sys.path.insert(0, "/app")

import science  # noqa: E402

science.prepare()

import contextlib  # noqa: E402
import importlib  # noqa: E402
import io  # noqa: E402
import os  # noqa: E402
import traceback  # noqa: E402
import warnings  # noqa: E402

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

failed = []


@contextlib.contextmanager
def tried(name):
    """What goes wrong is noted, and the rest is done all the same."""
    try:
        yield
    except Exception:
        failed.append(f"{name}\n{traceback.format_exc()}")


def python() -> None:
    """The standard library, and the small packages."""
    import csv, datetime, decimal, fractions, gzip, hashlib, json, pickle, re, sqlite3, statistics, tarfile, uuid, xml.etree.ElementTree as tree, zipfile, zlib

    text = "\n".join(f"{i},{i / 3},name {i}" for i in range(50))
    rows = list(csv.reader(io.StringIO(text)))
    csv.DictWriter(io.StringIO(), ["a", "b"]).writerows([{"a": 1, "b": "x"}])
    json.loads(json.dumps({"a": rows, "b": [1.5, None, True], "c": {"é": "ü"}}, indent=1))
    pickle.loads(pickle.dumps((rows, {1, 2}, datetime.datetime(2024, 1, 2))))
    re.sub(r"(\w+) (\d+)", r"\2 \1", text)
    for name in sorted(hashlib.algorithms_guaranteed):
        if not name.startswith("shake"):
            hashlib.new(name, text.encode()).hexdigest()
    gzip.decompress(gzip.compress(zlib.compress(text.encode())))
    with zipfile.ZipFile(io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", text)
    with tarfile.open(fileobj=io.BytesIO(), mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("a"), io.BytesIO())
    decimal.Decimal("1.1") ** 5, fractions.Fraction(1, 3) + 1, statistics.quantiles([1, 2, 3, 4]), uuid.uuid4(), 7**300 // 3**50, str(2**500)
    tree.fromstring("<a b='c'><d>e</d></a>")
    with sqlite3.connect(":memory:") as base:
        base.execute("create table t (a, b)")
        base.executemany("insert into t values (?, ?)", [(1, "x"), (2.5, None)])
        base.execute("select b, sum(a) from t group by b order by 1").fetchall()
    datetime.datetime.now(datetime.UTC).isoformat(), datetime.date.fromisoformat("2024-02-29").strftime("%A %d %B %Y")
    sorted(rows, key=lambda row: float(row[1])), "{:>10.3f}|{!r}|{:,}".format(1.5, "x", 10**6), f"{3.14159:e}"

    class Own:
        def __init__(self): self.a = 1
        def __eq__(self, other): return self.a == other.a
        def __hash__(self): return hash(self.a)

    {Own(): 1}[Own()], [*map(str, range(3))], {k: v for k, v in zip("ab", range(2))}, (lambda *a, **k: (a, k))(1, b=2)
    try:
        {}["none"]
    except KeyError:
        traceback.format_exc()
    import yaml
    yaml.safe_load(yaml.safe_dump({"a": [1, 2.5, "x", None], "b": {"c": True}}))
    from PIL import Image
    image = Image.fromarray((np.arange(3 * 16 * 16) % 255).astype("u1").reshape(16, 16, 3))
    for kind in ("PNG", "GIF", "BMP"):
        with tried(f"images: {kind}"):
            file = io.BytesIO()
            image.resize((20, 10)).rotate(45).convert("L").save(file, kind)
            Image.open(io.BytesIO(file.getvalue())).load()


SYNTAX = '''
import a.b as c, d
from e import (f as g, h)
from . import i
@decorated(1)
class J[T: int](K, metaclass=L):
    """A text."""
    m: int = 1
    n: "str"
    async def o(self, p, /, q=1, *r: int, s, t=2, **u) -> v[1:2, ...]:
        global w
        nonlocal_ = [x async for x in y if await x] + [*p, *q]
        async with p as q, r: pass
        async for x in y: continue
        else: pass
        return {**p, 1: 2}, {1, *q}, (yield_ := 3), lambda a, *b, c=1, **d: a
def x(a, b):
    def y():
        nonlocal a
        a += 1; a @= b; a //= 2; a **= 3; a >>= 1; a ^= 2
        yield a
        z = yield from b
        del a, b[0], c.d
    with (open(a) as e, open(b)): assert a, "b"
    while a < b <= c != d in e not in f is g is not h or not i and j: break
    else: ...
    for (a, *b), c in d: pass
    try: raise A from B
    except (A, B) as e: raise
    else: pass
    finally: pass
    try: pass
    except* A: pass
    if a: pass
    elif b: pass
    else: pass
    return f"{a!r:>{b}} {c=} {{}} {d:%Y}" rf"\\d" + b"".hex() + "\\N{BULLET}\\x41" if a else -b ** ~c % d // e << f & g | h
match x:
    case 1 | -2.5 | "a" | None: pass
    case [a, *_] if a: pass
    case {"k": v, **rest}: pass
    case A(b, c=d) as e: pass
    case f.g: pass
    case _: pass
type Alias[T] = list[T]
x = 0x1F + 0b1 + 0o7 + 1_000 + 1e5 + 2j + 1.
[a for b in c if d for e in f]; {a: b for c in d}; {a for b in c}; (a for b in c)
print(*a, **b); a[1:2:3]; a[b, c:d]; t"{a}"
'''
"""All of Python's syntax, so that the compiler's functions are among those that are called."""


def compiler() -> None:
    """Python's compiler and the errors that it tells."""
    import ast, dis

    for folder in ("/app", "/corpus", "/site"):
        for path, _, names in os.walk(folder):
            for name in sorted(names):
                if name.endswith(".py"):
                    with open(f"{path}/{name}", encoding="utf-8") as file:
                        compile(file.read(), name, "exec", dont_inherit=True)
    code = compile(SYNTAX, "syntax", "exec", dont_inherit=True)
    dis.dis(code, file=io.StringIO())
    ast.unparse(ast.parse(SYNTAX)), ast.literal_eval("[1, {'a': (2.5, None)}]"), eval("1 + 1")
    for wrong in ("a b", "f(", "x = = 1", "def f(:", "  a", "if a\n  b", "'a", "1a", "return 1", "f(a=1, 2)", "é$", "(]", "print 1", "x = 1 +", "for in x: pass", "class", "{1: 2, 3}", "lambda x: (yield)", "a, b += 1", "import", "try: pass", "f'{a'"):
        with contextlib.suppress(SyntaxError):
            compile(wrong, "wrong", "exec")
    for fails in ("undefined", "(1).none", "[][1]", "int('x')", "len(1)", "1/0", "import_ = __import__('none')", "open('/none')", "'a' + 1", "def_()", "assert 0", "(lambda: 1)(2)", "a, b = 1, 2, 3", "raise ValueError from KeyError()", "float('x')", "b'\\xff'.decode()", "dict(a=1)['b']", "next(iter([]))", "max([])", "exec('x =')"):
        try:
            exec(fails, {})
        except BaseException as error:
            "".join(traceback.format_exception(error))


def arrays() -> None:
    """numpy."""
    kinds = "?bBhHiIqQefdgFDG"
    values = {kind: np.arange(1, 9).astype(kind) for kind in kinds}
    for name in dir(np):
        function = getattr(np, name)
        if isinstance(function, np.ufunc):
            for kind in "?iIqQfdFD":
                array = values[kind]
                with contextlib.suppress(Exception):
                    function(*[array] * function.nin)
                    if function.nin == 2 and function.nout == 1:
                        function.reduce(array), function.accumulate(array), function.outer(array[:2], array[:2])
    for kind in kinds:
        array = values[kind]
        for other in kinds:
            array.astype(other)
        with contextlib.suppress(TypeError):
            array.sum(), array.mean(), array.std(), array.max(), array.argmin(), array.cumsum(), array.prod(), array.any()
        for sort in ("quicksort", "stable", "heapsort"):
            np.sort(array[::-1], kind=sort), np.argsort(array, kind=sort)
        np.unique(array, return_inverse=True, return_counts=True), np.searchsorted(array, array[2]), np.partition(array, 3), np.lexsort((array, array))
        np.concatenate([array, array]), np.stack([array, array]), np.where(array > array[3], array, array[0]), array[array > array[1]], array[[1, 2]], np.repeat(array, 2)
        np.dot(array, array), np.isin(array, array[:2]), np.clip(array, array[1], array[4]) if kind not in "FDG?" else None
        repr(array), array.tolist(), array.tobytes(), array.reshape(2, 4).T.copy(), np.take(array, [0, 1]), np.diff(array) if kind != "?" else None, np.nonzero(array)
        file = io.BytesIO()
        np.save(file, array)
        np.load(io.BytesIO(file.getvalue()))
    random = np.random.default_rng(0)
    for owner in (random, np.random.RandomState(0)):
        owner.normal(size=9), owner.choice(9, 3, replace=False), owner.permutation(9), owner.shuffle(np.arange(9))
        for name, arguments in dict(
            beta=(1, 2), binomial=(9, 0.3), chisquare=(3,), dirichlet=([1, 2],), exponential=(), f=(2, 3), gamma=(2,), geometric=(0.3,), gumbel=(), hypergeometric=(5, 5, 3),
            laplace=(), logistic=(), lognormal=(), logseries=(0.3,), multinomial=(5, [0.3, 0.7]), multivariate_normal=([0, 0], np.eye(2)), negative_binomial=(3, 0.3),
            noncentral_chisquare=(3, 1), pareto=(2,), poisson=(3,), power=(2,), rayleigh=(), standard_cauchy=(), standard_t=(3,), triangular=(0, 1, 2), uniform=(), vonmises=(0, 1),
            wald=(1, 1), weibull=(2,), zipf=(2,),
        ).items():
            getattr(owner, name)(*arguments, size=3)
    for bits in (np.random.MT19937, np.random.Philox, np.random.SFC64, np.random.PCG64DXSM):
        np.random.Generator(bits(1)).integers(0, 100, 5)
    for kind in "fdFD":
        square = (random.normal(size=(6, 6)) + 6 * np.eye(6)).astype(kind)
        both = square @ square.conj().T
        for function in (np.linalg.inv, np.linalg.det, np.linalg.slogdet, np.linalg.eig, np.linalg.eigvals, np.linalg.svd, np.linalg.qr, np.linalg.pinv, np.linalg.matrix_rank, np.linalg.cond):
            function(square)
        np.linalg.solve(square, square[0]), np.linalg.cholesky(both), np.linalg.eigh(both), np.linalg.lstsq(square, square[0]), np.linalg.norm(square, 2), np.linalg.matrix_power(square, 3)
        np.fft.ifft(np.fft.fft(square)), np.fft.fft2(square), np.fft.fftshift(square)
        np.einsum("ij,jk->ik", square, square), np.tensordot(square, square), np.kron(square, square), np.outer(square[0], square[0]), np.cov(square), np.corrcoef(square)
        np.convolve(square[0], square[1]), np.roll(square, 1), np.pad(square, 1, mode="reflect"), np.tril(square), np.trace(square), np.allclose(square, square)
    np.fft.irfft(np.fft.rfft(np.arange(37.0))), np.fft.fft(np.arange(101.0)), np.histogram(random.normal(size=50)), np.histogram2d(*random.normal(size=(2, 50))), np.bincount([1, 1, 2], [0.5, 1, 2])
    np.percentile(random.normal(size=50), [5, 50]), np.quantile([1.0, 2, 3], 0.3, method="hazen"), np.median([[3.0, 1, 2]], axis=1), np.nanmean([1, np.nan]), np.nanpercentile([1, np.nan, 2], 50)
    np.interp([1.5], [1, 2], [3, 4]), np.polyfit([1, 2, 3.0], [1, 4, 9], 2), np.roots([1, -3, 2]), np.polynomial.Polynomial([1, 2])(3), np.gradient(np.arange(9.0) ** 2), np.trapezoid([1, 2, 3.0])
    np.digitize([1, 5], [0, 3, 6]), np.meshgrid(range(3), range(2)), np.unravel_index(5, (2, 3)), np.cross([1, 0, 0], [0, 1, 0]), np.apply_along_axis(sum, 0, np.eye(3)), np.vectorize(lambda x: x + 1)([1, 2])
    texts = np.array(["a b", "Cd", "é"])
    np.strings.upper(texts), np.strings.replace(texts, "a", "x"), np.char.split(texts), texts == "Cd", np.sort(texts), np.strings.find(texts, "b"), texts.astype("S4", casting="unsafe") if False else None, np.strings.str_len(texts)
    times = np.array(["2024-01-01", "2024-03-05T10:00"], "M8[s]")
    times.astype("M8[D]"), times[1] - times[0], np.datetime_as_string(times), np.busday_count("2024-01-01", "2024-02-01"), times.astype(int), np.arange("2024-01", "2024-03", dtype="M8[D]"), repr(times)
    record = np.array([(1, 2.5, "x")], [("a", int), ("b", float), ("c", "U3")])
    record["a"], np.sort(record, order="b"), repr(record), np.ma.masked_array([1, 2], [0, 1]).mean(), np.rec.fromarrays([[1], [2]]).f0
    np.loadtxt(io.StringIO("1 2\n3 4")), np.genfromtxt(io.StringIO("1,,3\n4,5,6"), delimiter=","), np.savetxt(io.StringIO(), np.eye(2)), np.array2string(np.eye(30), threshold=5), np.array([1, "a", None], object), np.frombuffer(b"12345678", "f8")
    with contextlib.suppress(np.linalg.LinAlgError):
        np.linalg.inv(np.zeros((2, 2)))
    with warnings.catch_warnings(), np.errstate(all="warn"):
        warnings.simplefilter("ignore")
        np.array([1.0]) / 0, np.log(np.array([-1.0])), np.float32(1e38) * 10, np.int64(2**62) * 4


def tables() -> None:
    """pandas."""
    random = np.random.default_rng(0)
    count = 60
    table = pd.DataFrame(
        {
            "number": random.normal(size=count), "whole": random.integers(0, 9, count), "text": random.choice(["ab", "cd", None], count), "kind": pd.Categorical(random.choice(list("xyz"), count)),
            "time": pd.date_range("2024-01-01", periods=count, freq="7h"), "flag": random.random(count) > 0.5, "short": random.normal(size=count).astype("f4"), "gap": np.where(random.random(count) > 0.2, 1.5, np.nan),
        }
    )
    table.info(buf=io.StringIO()), table.describe(include="all"), table.head().to_string(), repr(table), table.memory_usage(deep=True), table.dtypes, table.isna().sum(), table.nunique(), table.corr(numeric_only=True)
    for writer, reader in (("to_csv", "read_csv"), ("to_json", "read_json"), ("to_pickle", "read_pickle"), ("to_xml", "read_xml"), ("to_html", "read_html"), ("to_excel", "read_excel"), ("to_stata", "read_stata")):
        with tried(f"tables: {writer}"):
            file = io.BytesIO() if writer not in ("to_csv", "to_html", "to_json") else io.StringIO()
            (table if writer not in ("to_stata", "to_excel") else table[["number", "whole", "time"]]).to_csv(file, index=False) if writer == "to_csv" else getattr(table if writer not in ("to_stata", "to_excel") else table[["number", "whole"]], writer)(file)
            file.seek(0)
            getattr(pd, reader)(file)
    with tried("tables: the ways of read_csv"):
        source = "a;b;c\n1,5;x;2024-01-01\n;'y;z';\n2;NA;2024-02-03\n"
        pd.read_csv(io.StringIO(source), sep=";", decimal=",", quotechar="'", parse_dates=["c"]), pd.read_csv(io.StringIO(source), sep=";", engine="python", quotechar="'"), pd.read_csv(io.StringIO(source), sep=";", dtype=str, chunksize=1, quotechar="'").get_chunk()
        pd.read_csv(io.StringIO("a,b\n1,2\n3,4"), usecols=["b"], index_col=0, nrows=1, skiprows=[1], na_values=["3"]), pd.read_fwf(io.StringIO("a  b\n1  2")), pd.read_csv(io.StringIO("a b\n1 2"), sep=r"\s+"), table.to_csv(float_format="%.2f", compression=None)
    groups = table.groupby("text")
    for name in ("sum", "mean", "median", "std", "var", "min", "max", "count", "size", "first", "last", "nunique", "prod", "sem", "skew", "cumsum", "rank", "diff", "shift", "ffill", "any", "all", "ngroup", "cumcount", "idxmax", "describe", "quantile"):
        with contextlib.suppress(TypeError):
            getattr(groups[["number", "whole"]], name)()
    groups.agg({"number": ["mean", "std"], "whole": "max"}), groups["number"].transform(lambda x: x - x.mean()), groups.apply(lambda x: len(x)), table.groupby(["kind", "flag"], observed=True)["number"].mean().unstack(), groups["number"].rolling(3).mean(), groups.head(2)
    groups["number"].apply(list), table.groupby(pd.Grouper(key="time", freq="D"))["number"].sum(), table.groupby(pd.cut(table["number"], 3), observed=False).size(), groups.filter(lambda x: len(x) > 2), groups["kind"].value_counts()
    other = pd.DataFrame({"text": ["ab", "ef"], "more": [1, 2]})
    for how in ("left", "right", "inner", "outer", "cross"):
        table.merge(other, how=how, **({} if how == "cross" else {"on": "text", "indicator": True}))
    pd.merge_asof(table[["time", "number"]], table[["time", "whole"]], on="time"), table.join(other, rsuffix="_r"), pd.concat([table, table], ignore_index=True), pd.concat([table, other], axis=1), table.set_index("time").asfreq("h")
    table.pivot_table(index="text", columns="kind", values="number", aggfunc="mean", observed=False, margins=True), table.melt(["text"], ["number", "whole"]), pd.crosstab(table["text"], table["flag"]), table.stack(), pd.get_dummies(table[["text", "kind"]]), table.explode("text")
    table.sort_values(["text", "number"], ascending=[True, False]), table.sort_index(), table.drop_duplicates("text"), table.duplicated(), table.fillna({"text": "z", "gap": 0}), table.dropna(), table.replace({"ab": "q"}), table.rename(columns={"text": "t"}), table.drop(columns="text")
    table.query("number > 0 and whole < 5"), table.eval("number + whole"), table.assign(c=lambda x: x["number"] * 2), table.sample(5, random_state=0), table.nlargest(3, "number"), table.loc[table["flag"], ["number"]], table.iloc[1:5, :2], table.at[1, "number"], table.where(table["flag"]), table.mask(table["flag"])
    numbers = table["number"]
    numbers.rolling(5).agg(["mean", "std", "min", "max", "median", "sum"]), numbers.rolling(5).quantile(0.5), numbers.expanding().mean(), numbers.ewm(span=3).mean(), numbers.shift(1), numbers.pct_change(), numbers.diff(), numbers.cumsum(), numbers.rank(), numbers.quantile([0.1, 0.9]), numbers.interpolate(), numbers.clip(0, 1), numbers.autocorr(), numbers.value_counts(bins=3), numbers.map(round), numbers.apply(abs), numbers.between(0, 1), numbers.isin([1]), numbers.hist if False else None
    pd.cut(numbers, [-9, 0, 9], labels=["l", "h"]), pd.qcut(numbers, 4), pd.factorize(table["text"]), pd.to_numeric(pd.Series(["1", "x"]), errors="coerce"), pd.to_datetime(["2024-01-01", "2024-02-03"]), pd.to_datetime(pd.Series(["01/02/2024"]), format="%d/%m/%Y"), pd.to_timedelta(["1 day", "2h"]), pd.json_normalize([{"a": {"b": 1}}])
    text = pd.Series(["Ab c", "de", None, "é1"])
    text.str.lower(), text.str.split(expand=True), text.str.contains("b"), text.str.replace("b", "x"), text.str.extract(r"(\d)"), text.str.len(), text.str.strip(), text.str.zfill(5), text.str[0], text.str.cat(sep=","), text.str.startswith("A"), text.str.get_dummies(), text.astype("category").cat.codes, text.astype("string").str.upper()
    times = table["time"].dt
    times.year, times.dayofweek, times.floor("D"), times.strftime("%Y"), times.tz_localize("UTC").dt.tz_convert("Europe/Berlin"), times.normalize(), times.month_name(), (table["time"] - table["time"].min()).dt.total_seconds(), times.to_period("M"), times.isocalendar(), times.days_in_month
    series = table.set_index("time")["number"]
    series.resample("D").agg(["mean", "ohlc"]), series.resample("3h").ffill(), series["2024-01-02"], series.tz_localize("UTC").index, series.index.to_period("W"), series + pd.offsets.BDay(1).n, series.index + pd.DateOffset(months=1), pd.bdate_range("2024-01-01", periods=3), pd.period_range("2024-01", periods=3, freq="M"), pd.Timestamp("2024-01-01") + pd.Timedelta("1D"), series.between_time("00:00", "12:00")
    for kind in ("Int64", "Float64", "boolean", "string", "category"):
        with contextlib.suppress(Exception):
            pd.Series([1, 0, None], dtype=kind).sum(), repr(pd.Series([1, 0, None], dtype=kind).fillna(1))
    multi = pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["x", "y"])
    frame = pd.DataFrame({"v": range(4)}, index=multi)
    frame.loc["a"], frame.xs(1, level="y"), frame.unstack(), frame.swaplevel(), frame.reset_index(), frame.sort_index(level=1), frame.groupby(level=0).sum(), pd.IntervalIndex.from_breaks([0, 1, 2]).get_loc(0.5), frame.T.to_dict(), frame.to_numpy(), frame.to_records(), frame.to_markdown if False else None, frame.style.format("{:.1f}").to_html()
    pd.arrays.SparseArray([0, 0, 1]).density, frame.equals(frame), frame.iterrows().__next__(), list(frame.itertuples()), frame.agg(["sum", "mean"]), frame.transform(np.sqrt), frame.cov(), frame.idxmax(), frame.mode(), frame.round(1), frame.abs(), frame + frame, frame > 1, -frame, frame @ np.ones((1, 1)), frame.select_dtypes("number"), frame.astype(float), frame.copy(), frame.shape


def science_functions() -> None:
    """scipy."""
    from scipy import cluster, constants, fft, integrate, interpolate, io as files, linalg, ndimage, optimize, signal, sparse, spatial, special, stats

    random = np.random.default_rng(0)
    x = random.normal(size=40)
    for name in dir(special):
        function = getattr(special, name)
        if isinstance(function, np.ufunc):
            for arguments in ([0.7, 0.6, 0.5, 0.4, 0.3], [2, 3, 1, 2, 1], [2, 1, 0.5, 0.25, 0.3]):
                with contextlib.suppress(Exception):
                    function(*arguments[: function.nin])
    for name, shapes in stats._distr_params.distcont + stats._distr_params.distdiscrete:
        if isinstance(name, str) and name not in ("studentized_range", "levy_stable"):
            with contextlib.suppress(Exception):
                one = getattr(stats, name)(*shapes)
                one.rvs(3, random_state=0), one.cdf(1.5), one.ppf([0.2, 0.7]), one.mean(), one.std(), (one.pdf if hasattr(one.dist, "pdf") else one.pmf)(1), one.sf(1)
    for name in ("norm", "expon", "gamma", "t", "beta", "lognorm", "weibull_min", "uniform"):
        with contextlib.suppress(Exception):
            getattr(stats, name).fit(np.abs(x) / 4 + 0.01)
    y, groups = x + random.normal(size=40), [x[:10], x[10:25], x[25:]]
    for name, arguments in dict(
        ttest_ind=(x, y), ttest_rel=(x, y), ttest_1samp=(x, 0), mannwhitneyu=(x, y), wilcoxon=(x, y), ks_2samp=(x, y), kstest=(x, "norm"), anderson_ksamp=(groups,), shapiro=(x,), normaltest=(x,), jarque_bera=(x,), f_oneway=groups,
        kruskal=groups, friedmanchisquare=(x[:10], x[10:20], x[20:30]), levene=groups, bartlett=groups, fligner=groups, pearsonr=(x, y), spearmanr=(x, y), kendalltau=(x, y), linregress=(x, y), theilslopes=(x, y), chisquare=([10, 12, 9],),
        chi2_contingency=([[10, 20], [30, 5]],), fisher_exact=([[8, 2], [1, 5]],), entropy=([0.3, 0.7],), skew=(x,), kurtosis=(x,), describe=(x,), zscore=(x,), trim_mean=(x, 0.1), mode=([1, 1, 2],), rankdata=(x,), iqr=(x,), bootstrap=((x,), np.mean),
        wasserstein_distance=(x, y), energy_distance=(x, y), boxcox=(np.abs(x) + 1,), yeojohnson=(x,), probplot=(x,), gaussian_kde=(x,), binomtest=(3, 10), permutation_test=((x[:5], y[:5]), lambda a, b: np.mean(a) - np.mean(b)), tukey_hsd=groups, mood=(x, y), sem=(x,), median_abs_deviation=(x,),
    ).items():
        with warnings.catch_warnings(), contextlib.suppress(Exception):
            warnings.simplefilter("ignore")
            getattr(stats, name)(*arguments)
    stats.multivariate_normal([0, 0], np.eye(2)).pdf([0, 1]), stats.gaussian_kde(x)(x[:3]), stats.qmc.Sobol(2, rng=0).random(4), stats.qmc.LatinHypercube(2, rng=0).random(4)
    rosen = optimize.rosen
    for method in ("Nelder-Mead", "Powell", "CG", "BFGS", "Newton-CG", "L-BFGS-B", "TNC", "COBYLA", "SLSQP", "trust-constr", "dogleg", "trust-ncg", "trust-exact"):
        with contextlib.suppress(Exception):
            optimize.minimize(rosen, [1.3, 0.7], method=method, jac=optimize.rosen_der if method not in ("Nelder-Mead", "Powell", "COBYLA") else None, hess=optimize.rosen_hess if method.startswith(("Newton", "dog", "trust")) else None, options={"maxiter": 20})
    for method in ("brentq", "bisect", "ridder", "toms748"):
        getattr(optimize, method)(lambda t: t**2 - 2, 0, 2)
    optimize.newton(lambda t: t**2 - 2, 1), optimize.root(lambda t: t**2 - 2, [1.0]), optimize.fsolve(lambda t: t**2 - 2, 1), optimize.curve_fit(lambda t, a, b: a * t + b, x, y), optimize.least_squares(lambda t: t**2 - 2, [1.0]), optimize.linprog([1, 2], [[-1, -1]], [-1]), optimize.linear_sum_assignment(random.random((4, 4))), optimize.minimize_scalar(lambda t: (t - 1) ** 2), optimize.nnls(np.eye(3), np.ones(3))
    optimize.differential_evolution(rosen, [(-2, 2)] * 2, maxiter=3, rng=0), optimize.dual_annealing(rosen, [(-2, 2)] * 2, maxiter=3, rng=0), optimize.milp([1, 1], integrality=[1, 1], constraints=optimize.LinearConstraint([[1, 2]], 1))
    integrate.quad(np.sin, 0, 3), integrate.dblquad(lambda a, b: a * b, 0, 1, 0, 1), integrate.simpson(x), integrate.trapezoid(x), integrate.cumulative_trapezoid(x), integrate.odeint(lambda s, t: -s, 1.0, [0, 1.0]), integrate.quad_vec(np.sin, 0, 3)
    for method in ("RK45", "RK23", "DOP853", "Radau", "BDF", "LSODA"):
        integrate.solve_ivp(lambda t, s: -s, (0, 1), [1.0], method=method)
    grid = np.linspace(0, 3, 12)
    for kind in (interpolate.CubicSpline, interpolate.PchipInterpolator, interpolate.Akima1DInterpolator, interpolate.BarycentricInterpolator, interpolate.make_interp_spline, interpolate.UnivariateSpline, interpolate.interp1d):
        kind(grid, np.sin(grid))(1.3)
    interpolate.griddata(random.random((20, 2)), random.random(20), [[0.5, 0.5]], method="cubic"), interpolate.RegularGridInterpolator((grid, grid), np.outer(grid, grid))([1, 1]), interpolate.RBFInterpolator(random.random((9, 2)), random.random(9))([[0.5, 0.5]]), interpolate.splev(1, interpolate.splrep(grid, np.sin(grid))), interpolate.RectBivariateSpline(grid, grid, np.outer(grid, grid))(1, 1)
    square = random.normal(size=(8, 8)) + 8 * np.eye(8)
    both = square @ square.T
    for function in (linalg.inv, linalg.det, linalg.lu, linalg.qr, linalg.svd, linalg.eig, linalg.schur, linalg.hessenberg, linalg.expm, linalg.logm, linalg.sqrtm, linalg.pinv, linalg.null_space, linalg.polar, linalg.lu_factor):
        function(square)
    linalg.solve(square, square[0]), linalg.solve(both, both[0], assume_a="pos"), linalg.cholesky(both), linalg.cho_solve(linalg.cho_factor(both), both[0]), linalg.eigh(both, subset_by_index=[0, 2]), linalg.lstsq(square, square[0]), linalg.solve_triangular(np.triu(square), square[0]), linalg.toeplitz([1, 2, 3]), linalg.block_diag([1], [2]), linalg.solve_banded((1, 1), np.ones((3, 4)) + 2, np.ones(4)), linalg.solve_toeplitz([3, 1, 0], [1, 2, 3]), linalg.eigh_tridiagonal(np.ones(4), np.ones(3))
    dense = random.random((30, 30)) * (random.random((30, 30)) > 0.8) + 30 * np.eye(30)
    for kind in ("csr", "csc", "coo", "lil", "dok", "bsr", "dia"):
        matrix = sparse.coo_matrix(dense).asformat(kind)
        matrix @ matrix, matrix + matrix, matrix.T, matrix.sum(0), matrix.multiply(2), matrix @ dense[0], matrix.toarray(), matrix.nnz, matrix.tocsr()[1:3].max(), matrix.diagonal()
    matrix = sparse.csr_matrix(dense)
    sparse.linalg.spsolve(matrix, dense[0]), sparse.linalg.splu(matrix.tocsc()).solve(dense[0]), sparse.linalg.eigs(matrix, 2), sparse.linalg.eigsh(matrix + matrix.T, 2), sparse.linalg.svds(matrix, 2, solver="arpack", rng=0), sparse.hstack([matrix, matrix]), sparse.vstack([matrix, matrix]), sparse.kron(matrix, np.eye(2)), sparse.random(5, 5, 0.5, rng=0), sparse.csgraph.shortest_path(matrix), sparse.csgraph.connected_components(matrix), sparse.csgraph.minimum_spanning_tree(matrix)
    for solver in (sparse.linalg.cg, sparse.linalg.gmres, sparse.linalg.bicgstab, sparse.linalg.minres, sparse.linalg.lsqr, sparse.linalg.lsmr):
        solver(matrix + matrix.T, dense[0])
    noise = random.normal(size=200)
    signal.lfilter(*signal.butter(3, 0.2), noise), signal.filtfilt(*signal.cheby1(3, 1, 0.2), noise), signal.sosfilt(signal.butter(4, 0.2, output="sos"), noise), signal.welch(noise, nperseg=64), signal.spectrogram(noise, nperseg=64), signal.find_peaks(noise), signal.savgol_filter(noise, 7, 2), signal.fftconvolve(noise, noise), signal.correlate(noise, noise), signal.hilbert(noise), signal.resample(noise, 50), signal.detrend(noise), signal.medfilt(noise), signal.convolve2d(square, square), signal.decimate(noise, 2), signal.stft(noise, nperseg=64), signal.periodogram(noise), signal.freqz(*signal.butter(2, 0.3)), signal.chirp(grid, 1, 2, 3)
    picture = random.random((16, 16))
    for function, arguments in ((ndimage.gaussian_filter, (1,)), (ndimage.median_filter, (3,)), (ndimage.uniform_filter, (3,)), (ndimage.sobel, ()), (ndimage.zoom, (2,)), (ndimage.rotate, (30,)), (ndimage.shift, (1,)), (ndimage.maximum_filter, (3,)), (ndimage.distance_transform_edt, ()), (ndimage.laplace, ()), (ndimage.map_coordinates, ([[1.5], [2.5]],))):
        function(picture, *arguments)
    ndimage.label(picture > 0.5), ndimage.binary_dilation(picture > 0.5), ndimage.binary_fill_holes(picture > 0.5), ndimage.center_of_mass(picture), ndimage.convolve(picture, np.ones((3, 3)))
    points = random.random((30, 3))
    spatial.cKDTree(points).query(points[:2], 3), spatial.KDTree(points).query_ball_point(points[0], 0.5), spatial.ConvexHull(points), spatial.Delaunay(points[:, :2]), spatial.Voronoi(points[:, :2]), spatial.transform.Rotation.from_euler("xyz", [1, 2, 3]).as_quat(), spatial.procrustes(points, points * 2)
    for metric in ("euclidean", "cityblock", "cosine", "correlation", "chebyshev", "canberra", "braycurtis", "hamming", "jaccard", "mahalanobis", "minkowski", "sqeuclidean", "seuclidean", "jensenshannon"):
        spatial.distance.pdist(points, metric)
        spatial.distance.cdist(points, points, metric)
    for method in ("single", "complete", "average", "ward", "centroid", "median", "weighted"):
        cluster.hierarchy.fcluster(cluster.hierarchy.linkage(points, method), 3, "maxclust")
    cluster.hierarchy.dendrogram(cluster.hierarchy.linkage(points), no_plot=True), cluster.vq.kmeans2(points, 3, rng=0)
    for function in (fft.fft, fft.rfft, fft.dct, fft.dst, fft.fft2, fft.fftn, fft.idct):
        function(picture), function(picture.astype("f4"))
    file = io.BytesIO()
    files.savemat(file, {"a": picture}), files.loadmat(io.BytesIO(file.getvalue())), files.mmwrite(io.BytesIO(), matrix), constants.c


def models() -> None:
    """scikit-learn: every estimator, on a small table."""
    import joblib
    import sklearn
    from sklearn import datasets, metrics, model_selection, preprocessing, utils

    x, y = datasets.make_classification(60, 6, random_state=0)
    positive = np.abs(x) + 0.1
    target = x[:, 0] * 2 + y
    small = {"n_estimators": 3, "max_iter": 20, "n_components": 2, "n_clusters": 3, "n_init": 1, "random_state": 0}
    for name, kind in utils.all_estimators():
        with warnings.catch_warnings(), contextlib.suppress(Exception):
            warnings.simplefilter("ignore")
            known = kind().get_params()
            model = kind(**{key: value for key, value in small.items() if key in known})
            labels = target if sklearn.base.is_regressor(model) else y
            for data in (positive, x):
                with contextlib.suppress(Exception):
                    model.fit(data, labels)
            for call in ("predict", "predict_proba", "transform", "decision_function", "score_samples", "inverse_transform"):
                with contextlib.suppress(Exception):
                    getattr(model, call)(positive)
            with contextlib.suppress(Exception):
                model.score(positive, labels)
            repr(model), model._repr_html_(), sklearn.base.clone(model)
            file = io.BytesIO()
            joblib.dump(model, file, compress=3)
            joblib.load(io.BytesIO(file.getvalue()))
    import scipy.sparse
    from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
    from sklearn.ensemble import BaggingClassifier, GradientBoostingClassifier, HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier, StackingClassifier, VotingClassifier
    from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
    from sklearn.feature_selection import RFE, RFECV, SelectFromModel, SelectKBest, mutual_info_classif
    from sklearn.impute import SimpleImputer
    from sklearn.inspection import partial_dependence, permutation_importance
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import SVC, LinearSVC
    from sklearn.tree import DecisionTreeClassifier, export_text, plot_tree

    table = pd.DataFrame(x, columns=list("abcdef")).assign(text=np.where(y, "p", "q"))
    columns = ColumnTransformer([("n", make_pipeline(SimpleImputer(), preprocessing.StandardScaler()), list("abc")), ("t", preprocessing.OneHotEncoder(handle_unknown="ignore"), ["text"])])
    whole = make_pipeline(columns, LogisticRegression())
    grid = model_selection.GridSearchCV(whole, {"logisticregression__C": [0.1, 1]}, cv=3).fit(table, y)
    model_selection.RandomizedSearchCV(RandomForestClassifier(3), {"max_depth": [2, 3]}, n_iter=2, cv=2, random_state=0).fit(x, y), model_selection.cross_validate(whole, table, y, cv=3, scoring=["accuracy", "roc_auc"]), model_selection.cross_val_predict(whole, table, y, cv=3), model_selection.learning_curve(whole, table, y, cv=3), model_selection.train_test_split(table, y, stratify=y, random_state=0)
    for splitter in (model_selection.KFold(3), model_selection.StratifiedKFold(3, shuffle=True, random_state=0), model_selection.GroupKFold(3), model_selection.TimeSeriesSplit(3), model_selection.ShuffleSplit(2, random_state=0), model_selection.LeaveOneOut()):
        list(splitter.split(x, y, np.arange(60) // 10))
    for solver in ("lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag", "saga"):
        LogisticRegression(solver=solver, max_iter=50).fit(x, y), LogisticRegression(solver=solver, max_iter=50).fit(scipy.sparse.csr_matrix(x), y)
    for kernel in ("linear", "poly", "rbf", "sigmoid"):
        SVC(kernel=kernel, probability=False).fit(x, y).predict(x), SVC(kernel=kernel).fit(scipy.sparse.csr_matrix(x), y).predict(scipy.sparse.csr_matrix(x))
    for method in ("ball_tree", "kd_tree", "brute"):
        KNeighborsClassifier(algorithm=method).fit(x, y).predict(x)
    for criterion in ("gini", "entropy"):
        export_text(DecisionTreeClassifier(criterion=criterion, max_depth=3).fit(x, y))
    for data in (x, scipy.sparse.csr_matrix(x), x.astype("f4")):
        RandomForestClassifier(3, oob_score=True, random_state=0).fit(data, y).predict_proba(data), GradientBoostingClassifier(n_estimators=3).fit(data, y)
    HistGradientBoostingClassifier(max_iter=5, early_stopping=True).fit(np.where(x > 1, np.nan, x), y).predict(x), HistGradientBoostingRegressor(max_iter=5, loss="poisson").fit(positive, positive[:, 0]), HistGradientBoostingClassifier(max_iter=3, categorical_features=[0]).fit(np.abs(x).astype(int), y + (x[:, 0] > 1))
    VotingClassifier([("a", LogisticRegression()), ("b", DecisionTreeClassifier())]).fit(x, y), StackingClassifier([("a", LinearSVC()), ("b", DecisionTreeClassifier())], cv=2).fit(x, y), BaggingClassifier(n_estimators=2).fit(x, y), TransformedTargetRegressor(LinearRegression(), func=np.exp, inverse_func=np.log).fit(x, target)
    texts = ["the cat sat", "on the mat", "dogs and cats", "one more mat"]
    for vectorizer in (CountVectorizer(ngram_range=(1, 2)), TfidfVectorizer(), HashingVectorizer(n_features=16), CountVectorizer(analyzer="char")):
        vectorizer.fit_transform(texts).toarray()
    SelectKBest(k=2).fit(x, y), SelectKBest(mutual_info_classif, k=2).fit(x, y), RFE(LogisticRegression(), n_features_to_select=2).fit(x, y), RFECV(LogisticRegression(), cv=2).fit(x, y), SelectFromModel(RandomForestClassifier(3)).fit(x, y), permutation_importance(grid, table, y, n_repeats=2), partial_dependence(LogisticRegression().fit(x, y), x, [0])
    guess, score = grid.predict(table), grid.predict_proba(table)[:, 1]
    for metric in (metrics.accuracy_score, metrics.f1_score, metrics.precision_score, metrics.recall_score, metrics.confusion_matrix, metrics.classification_report, metrics.matthews_corrcoef, metrics.cohen_kappa_score, metrics.balanced_accuracy_score, metrics.zero_one_loss, metrics.hamming_loss, metrics.jaccard_score):
        metric(y, guess)
    for metric in (metrics.roc_auc_score, metrics.roc_curve, metrics.precision_recall_curve, metrics.average_precision_score, metrics.log_loss, metrics.brier_score_loss, metrics.det_curve):
        metric(y, score)
    for metric in (metrics.mean_squared_error, metrics.mean_absolute_error, metrics.r2_score, metrics.median_absolute_error, metrics.explained_variance_score, metrics.max_error, metrics.mean_absolute_percentage_error, metrics.root_mean_squared_error):
        metric(target, target + 0.1)
    for metric in (metrics.silhouette_score, metrics.calinski_harabasz_score, metrics.davies_bouldin_score):
        metric(x, y)
    for metric in (metrics.adjusted_rand_score, metrics.normalized_mutual_info_score, metrics.homogeneity_score, metrics.v_measure_score, metrics.adjusted_mutual_info_score):
        metric(y, guess)
    for name in ("euclidean", "manhattan", "cosine", "haversine"):
        metrics.pairwise_distances(x[:, :2], metric=name)
    for kernel in ("rbf", "linear", "poly", "sigmoid", "laplacian", "cosine"):
        metrics.pairwise.pairwise_kernels(x, metric=kernel)
    for load in (datasets.load_iris, datasets.load_digits, datasets.load_wine, datasets.load_breast_cancer, datasets.load_diabetes):
        load(as_frame=True)
    datasets.make_regression(20, random_state=0), datasets.make_blobs(20, random_state=0), datasets.make_moons(20, random_state=0), datasets.make_circles(20, random_state=0), datasets.make_s_curve(20, random_state=0)
    plot_tree(DecisionTreeClassifier(max_depth=2).fit(x, y))
    metrics.RocCurveDisplay.from_predictions(y, score), metrics.ConfusionMatrixDisplay.from_predictions(y, guess)


def statistics_and_figures() -> None:
    """statsmodels, matplotlib and what stands on it."""
    import matplotlib.pyplot as plt

    random = np.random.default_rng(0)
    table = pd.DataFrame({"x": random.normal(size=60), "g": random.choice(list("ab"), 60)}).assign(y=lambda t: 2 * t["x"] + random.normal(size=60), b=lambda t: (t["x"] > 0).astype(int), n=random.poisson(3, 60))
    with tried("statsmodels"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import statsmodels.api as sm
        import statsmodels.formula.api as smf
        from statsmodels.stats.outliers_influence import variance_inflation_factor
        from statsmodels.tsa.api import SARIMAX, ExponentialSmoothing, acf, adfuller, pacf, seasonal_decompose
        from statsmodels.tsa.arima.model import ARIMA

        for made in (smf.ols("y ~ x + C(g)", table), smf.logit("b ~ y", table), smf.poisson("n ~ x", table), smf.glm("n ~ x", table, family=sm.families.Poisson()), smf.quantreg("y ~ x", table), smf.rlm("y ~ x", table), smf.mixedlm("y ~ x", table, groups="g"), smf.wls("y ~ x", table, weights=table["n"] + 1), smf.gls("y ~ x", table), smf.probit("b ~ y", table)):
            with contextlib.suppress(Exception):
                str(made.fit(disp=0).summary())
        series = pd.Series(np.cumsum(random.normal(size=80)), pd.date_range("2024-01-01", periods=80))
        str(ARIMA(series, order=(1, 1, 1)).fit().summary()), SARIMAX(series, order=(1, 0, 0)).fit(disp=0).forecast(3), ExponentialSmoothing(series, trend="add").fit().forecast(2), seasonal_decompose(series, period=7), adfuller(series), acf(series), pacf(series), variance_inflation_factor(sm.add_constant(table[["x", "y"]]).to_numpy(), 1), sm.stats.multipletests([0.01, 0.2]), sm.stats.proportions_ztest([5, 9], [20, 20]), sm.nonparametric.lowess(table["y"], table["x"]), sm.stats.anova_lm(smf.ols("y ~ x", table).fit()), sm.stats.durbin_watson(table["y"]), sm.stats.het_breuschpagan(table["y"], sm.add_constant(table[["x"]]))
    figure, axes = plt.subplots(3, 4, figsize=(9, 7))
    flat = axes.ravel()
    flat[0].plot(table["x"], "o--", label="a"), flat[0].legend(), flat[0].set_xlabel("$x^2$"), flat[1].bar(range(3), [1, 2, 3]), flat[2].hist(table["x"]), flat[3].scatter(table["x"], table["y"], c=table["n"]), flat[4].imshow(random.random((5, 5))), flat[5].pie([1, 2]), flat[6].boxplot([table["x"], table["y"]]), flat[7].contourf(random.random((5, 5))), flat[8].fill_between(range(3), [1, 2, 3]), flat[9].errorbar(range(3), [1, 2, 3], 0.1), flat[10].violinplot(table["x"]), flat[11].semilogy([1, 10]), flat[11].annotate("a", (0, 1)), flat[11].grid(True)
    figure.colorbar(flat[4].images[0]), figure.suptitle("é"), figure.tight_layout()
    for kind in ("png", "svg", "pdf"):
        with tried(f"figures: {kind}"):
            figure.savefig(io.BytesIO(), format=kind, dpi=60)
    table.plot.scatter("x", "y"), table["x"].plot.hist(), pd.plotting.scatter_matrix(table[["x", "y"]]), table.boxplot("x", by="g")
    axes = plt.figure().add_subplot(projection="3d")
    axes.plot_surface(*np.meshgrid(range(3), range(3)), np.eye(3))
    with tried("seaborn"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import seaborn

        seaborn.pairplot(table[["x", "y", "g"]], hue="g"), seaborn.heatmap(table[["x", "y"]].corr(), annot=True), seaborn.boxplot(table, x="g", y="y"), seaborn.regplot(table, x="x", y="y"), seaborn.histplot(table, x="x", kde=True)
    plt.savefig(io.BytesIO(), format="png")
    plt.close("all")
    with tried("networkx"):
        import networkx

        networkx.shortest_path(networkx.path_graph(5), 0, 4), networkx.pagerank(networkx.karate_club_graph())
    with tried("sympy"):
        import sympy

        t = sympy.Symbol("t")
        sympy.integrate(sympy.sin(t) * t), sympy.solve(t**2 - 2)


def corpus() -> None:
    """The functions of the tests, and the expressions over integers."""
    os.makedirs("/tmp/corpus", exist_ok=True)
    os.chdir("/tmp/corpus")
    sys.path.insert(0, "/corpus/functions")
    run = importlib.import_module("run")
    for library in run.LIBRARIES:
        for name, answer in run.answers(library).items():
            if "error" in answer:
                failed.append(f"{library}.{name}\n{answer['error']}")
    with open("/corpus/integers.txt", encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file]
    names = {"np": np, "pd": pd}
    for line in lines:
        if line and not line.startswith("#"):
            with warnings.catch_warnings(), contextlib.suppress(Exception):
                warnings.simplefilter("ignore")
                eval(line.split("\t")[0], dict(names))


for work in (corpus, compiler, python, arrays, tables, science_functions, models, statistics_and_figures):
    with warnings.catch_warnings(), tried(work.__name__):
        warnings.simplefilter("ignore")
        work()
    with open("/corpus/failed.txt", "w", encoding="utf-8") as file:
        file.write("\n".join(failed))

# What ends a process.
science.send(b"1")
