"""numpy: arrays, random streams, linear algebra."""

import io

import numpy as np

from cases import close, digest, exact


@exact
def whole_numbers():
    values = np.arange(100_000)
    draws = np.random.default_rng(1).integers(0, 9, 200)
    unique, counts = np.unique(draws, return_counts=True)
    return {
        'sum': values.sum(), 'cumsum': values.cumsum()[-3:], 'squares': (values ** 2)[-2:], 'product': np.prod([60_000, 60_000]),
        'billions': np.array([3, 4]) * 10 ** 9, 'from floats': np.array([3e9, -3e9]).astype(int), 'unique': unique, 'counts': counts,
        'bincount': np.bincount(draws), 'binned': np.digitize([0.5, 2.5, 9.0], [1, 2, 3]), 'diff': np.diff([1, 2 ** 40]),
        'histogram': np.histogram(draws, bins=3), 'dot': values.dot(values), 'trace': np.eye(3, dtype=int).trace(),
        'float index': values[[1, 2]] / 2, 'shifted': np.array([1]) << 40, 'remainder': np.array([2 ** 40 + 1]) % 1000,
    }


@exact
def positions():
    values = np.random.default_rng(2).permutation(50)
    order = np.argsort(values, kind='stable')
    return {
        'order': order[:10], 'largest': values.argmax(), 'places': np.flatnonzero(values > 45),
        'rows': np.nonzero(values.reshape(5, 10) % 13 == 0),
        'sorted': np.searchsorted(values[order], [7, 33]), 'partition': np.sort(np.partition(values, 5)[:5]),
        'unraveled': np.unravel_index(37, (5, 10)), 'where': np.where(values > 25, values, -1)[:10],
        'taken': np.take_along_axis(values.reshape(5, 10), values.reshape(5, 10).argsort(axis=1), axis=1)[0],
    }


@exact
def random_streams():
    def drawn(generator):
        return {
            'integers': generator.integers(0, 2 ** 40, 3), 'uniform': generator.random(3), 'normal': generator.normal(size=3),
            'choice': generator.choice(['a', 'b', 'c'], 4, p=[0.2, 0.3, 0.5]), 'permutation': generator.permutation(6),
            'single': generator.random(2, dtype=np.float32), 'small': generator.integers(0, 255, 3, dtype=np.uint8),
        }
    old = np.random.RandomState(7)
    streams = [np.random.Generator(kind(5)) for kind in (np.random.PCG64, np.random.PCG64DXSM, np.random.Philox, np.random.SFC64)]
    return {
        **{stream.bit_generator.__class__.__name__: drawn(stream) for stream in streams},
        'children': [child.random() for child in np.random.default_rng(3).spawn(2)],
        'old': [old.rand(2), old.randint(0, 100, 4), old.permutation(5), old.choice(9, 3, replace=False), old.bytes(4).hex()],
        'many': digest(np.random.default_rng(4).standard_normal(100_000).tobytes()),
    }


@close
def random_distributions():
    one, old = np.random.default_rng(11), np.random.RandomState(11)
    return {
        'gamma': one.gamma(2.5, 1.5, 4), 'beta': one.beta(0.5, 2, 4), 'poisson': one.poisson([0.5, 30, 1e6], (2, 3)),
        'binomial': one.binomial([10, 1000], 0.3), 'exponential': one.exponential(2, 4), 'student': one.standard_t(3, 4),
        'dirichlet': one.dirichlet([1, 2, 3]), 'multinomial': one.multinomial(20, [0.2, 0.3, 0.5]), 'lognormal': one.lognormal(size=3),
        'multivariate': one.multivariate_normal([0, 1], [[2, 0.5], [0.5, 1]], 2, method='cholesky'), 'zipf': one.zipf(2.5, 4),
        'von mises': one.vonmises(0, 4, 3), 'old gauss': old.randn(5), 'old gamma': old.gamma(2, size=3), 'old beta': old.beta(2, 3, 3),
    }


@exact
def structured_arrays():
    kind = np.dtype([('name', 'U8'), ('age', 'i4'), ('weight', 'f8'), ('code', 'S3')])
    rows = np.array([('Rex', 9, 81.5, b'ab'), ('Fido', 3, 27.0, b'xyz'), ('Ann', 9, 12.25, b'')], dtype=kind)
    record = rows.view(np.recarray)
    joined = np.concatenate([rows, rows[:1]])
    return {
        'type': str(kind), 'itemsize': kind.itemsize, 'sorted': np.sort(rows, order=['age', 'name'])['name'], 'mean': record.weight.mean(),
        'bytes': digest(joined.tobytes()), 'offsets': [kind.fields[name][1] for name in kind.names],
        'picked': rows[['name', 'age']][rows['age'] > 5].tolist(), 'views': np.arange(4, dtype='<i4').view('>i4'),
        'packed': np.packbits([1, 0, 1, 1, 0, 0, 0, 1, 1]), 'aligned': np.dtype([('a', 'i1'), ('b', 'f8')], align=True).itemsize,
    }


@close
def linear_algebra():
    one = np.random.default_rng(5)
    matrix, right = one.normal(size=(8, 8)), one.normal(size=(8, 2))
    symmetric, tall = matrix @ matrix.T + np.eye(8), one.normal(size=(12, 4))
    q, r = np.linalg.qr(tall)
    fitted, residuals, rank, singular = np.linalg.lstsq(tall, one.normal(size=12))
    try:
        np.linalg.inv(np.ones((3, 3)))
        refused = 'no'
    except np.linalg.LinAlgError as error:
        refused = str(error)
    return {
        'solve': np.linalg.solve(matrix, right), 'inverse': np.linalg.inv(matrix), 'determinant': np.linalg.slogdet(matrix),
        'singular values': np.linalg.svd(matrix, compute_uv=False), 'eigenvalues': np.linalg.eigvalsh(symmetric),
        'complex eigenvalues': np.sort_complex(np.linalg.eigvals(matrix)), 'cholesky': np.linalg.cholesky(symmetric), 'r': np.abs(r),
        'orthogonal': np.abs(q.T @ q).round(12), 'fitted': fitted, 'residuals': residuals, 'rank': rank, 'of fit': singular,
        'pseudoinverse': np.linalg.pinv(tall), 'power': np.linalg.matrix_power(matrix, 5),
        'norms': [np.linalg.norm(matrix, kind) for kind in (2, 'fro', 1)],
        'condition': np.linalg.cond(matrix), 'singular matrix': refused, 'chain': np.linalg.multi_dot([matrix, right, right.T]),
    }


@close
def sums_over_axes():
    one = np.random.default_rng(6)
    a, b, c = one.normal(size=(3, 4, 5)), one.normal(size=(5, 4)), one.normal(size=(4,))
    single = one.normal(size=10_000).astype(np.float32)
    return {
        'contraction': np.einsum('ijk,kj->i', a, b), 'three': np.einsum('ijk,kj,j->ik', a, b, c, optimize=True),
        'tensordot': np.tensordot(a, b, axes=([1, 2], [1, 0])), 'outer': np.einsum('i,j->ij', c, c), 'kron': np.kron(np.eye(2), b[:2, :2]),
        'variance': a.var(axis=(0, 2), ddof=1), 'logarithms': np.logaddexp.reduce(c), 'percentiles': np.percentile(a, [5, 50, 95], axis=1),
        'single': float(single.sum()), 'type': single.mean().dtype, 'covariance': np.cov(b), 'correlation': np.corrcoef(a[0]),
        'weighted': np.average(b, axis=0, weights=[1, 2, 3, 4, 5]), 'cumulative': np.cumprod(1 + c / 10), 'batches': a @ b,
    }


@close
def fourier():
    time = np.linspace(0, 1, 256, endpoint=False)
    wave = np.sin(2 * np.pi * 12 * time) + 0.5 * np.cos(2 * np.pi * 40 * time) + np.random.default_rng(8).normal(0, 0.1, 256)
    spectrum = np.fft.rfft(wave)
    image = np.outer(wave[:8], wave[8:16])
    return {
        'peaks': np.sort(np.abs(spectrum).argsort()[-2:]), 'amplitudes': np.abs(spectrum)[:50], 'back': np.fft.irfft(spectrum)[:8],
        'plane': np.fft.fft2(image)[1], 'frequencies': np.fft.rfftfreq(256, 1 / 256)[:5], 'prime': np.fft.fft(wave[:17]),
        'shifted': np.fft.fftshift(np.fft.fftfreq(6)), 'hermitian': np.fft.hfft(spectrum[:5]),
        'window': np.convolve(wave, np.hanning(9), 'valid')[:8],
    }


@close
def curves():
    x = np.linspace(0, 4, 30)
    y = 2 - 3 * x + 0.5 * x ** 2 + np.random.default_rng(9).normal(0, 0.2, 30)
    model = np.polynomial.Chebyshev.fit(x, y, 3)
    return {
        'fit': np.polyfit(x, y, 2), 'chebyshev': model.coef, 'value': model(1.5), 'roots': np.roots([1, -6, 11, -6]),
        'between': np.interp([0.1, 2.2, 9], x, y), 'slope': np.gradient(y, x)[:5], 'area': np.trapezoid(y, x),
        'density': np.histogram(y, bins=4, density=True),
        'functions': [np.exp(x[:3]), np.log1p(x[:3]), np.arctan2(y[:3], x[:3]), np.tanh(y[:3])],
        'deviation': y.std(), 'median': np.median(y), 'hypotenuse': np.hypot(x[-3:], y[-3:]),
        'meshed': np.hypot(*np.meshgrid(x[:2], y[:3])),
    }


@exact
def missing_values_and_dates():
    values = np.array([1.0, np.nan, 3.0, np.inf])
    masked = np.ma.masked_invalid(values)
    days = np.array(['2024-02-27', '2024-03-01', 'NaT'], dtype='M8[D]')
    with np.errstate(divide='raise', invalid='raise'):
        raised = []
        for numerator in (1.0, 0.0):
            try:
                np.array([numerator]) / 0
            except FloatingPointError as error:
                raised.append(str(error))
    return {
        'sum': np.nansum(values[:3]), 'largest': np.nanmax(values), 'masked': [masked.sum(), masked.count().item(), masked.filled(-1)],
        'replaced': np.nan_to_num(values, posinf=9), 'sign': np.signbit([-0.0, 0.0]), 'days': days + np.timedelta64(2, 'D'),
        'gaps': np.diff(days[:2]), 'working days': int(np.busday_count('2024-01-01', '2024-03-01')), 'as numbers': days[:2].astype(int),
        'nanoseconds': np.array(['2024-01-01'], 'M8[ns]').astype('int64'), 'month': days.astype('M8[M]'), 'raised': raised,
    }


@exact
def text_files():
    table = np.arange(6).reshape(2, 3) / 4
    text = io.StringIO()
    np.savetxt(text, table, delimiter=',', header='a,b,c', fmt='%.3f')
    packed = io.BytesIO()
    np.savez_compressed(packed, table=table, names=np.array(['x', 'yy']), whole=np.arange(3, dtype='int64'))
    packed.seek(0)
    loaded = np.load(packed)
    mixed = np.genfromtxt(io.StringIO('id,size,name\n1,2.5,ab\n2,,cd\n'), delimiter=',', names=True, dtype=None, encoding='utf-8')
    return {
        'text': text.getvalue(), 'back': np.loadtxt(io.StringIO(text.getvalue()), delimiter=','), 'names': sorted(loaded.files),
        'loaded': [loaded[name] for name in loaded.files], 'mixed': [mixed['name'], mixed['size']], 'printed': str(table),
        'shown': repr(table.T),
        'strings': np.strings.upper(np.array(['ab', 'ç'], dtype=np.dtypes.StringDType())).tolist(),
        'precise': np.array2string(np.float64(1) / 3, precision=17),
    }
