"""scipy: numerical methods and tests of statistics."""

import numpy as np
from scipy import cluster, fft, integrate, interpolate, linalg, ndimage, optimize, signal, sparse, spatial, special, stats
from scipy.sparse import csgraph, linalg as sparse_linalg

from cases import close, exact, iterates


@iterates
def minimising():
    def rosenbrock(x):
        return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2
    one = np.random.default_rng(31)
    time = np.linspace(0, 4, 40)
    measured = 2.5 * np.exp(-1.3 * time) + 0.5 + one.normal(0, 0.02, 40)
    constrained = optimize.minimize(lambda x: (x[0] - 1) ** 2 + (x[1] - 2.5) ** 2, [2, 0], method='SLSQP', bounds=[(0, None)] * 2,
                                    constraints=[{'type': 'ineq', 'fun': lambda x: 3 - x[0] - 2 * x[1]}])
    fitted, covariance = optimize.curve_fit(lambda t, a, b, c: a * np.exp(-b * t) + c, time, measured, p0=[1, 1, 1])
    return {
        'bfgs': optimize.minimize(rosenbrock, [-1.2, 1], method='BFGS', options={'gtol': 1e-9}).x.round(6),
        'simplex': optimize.minimize(rosenbrock, [-1.2, 1], method='Nelder-Mead', options={'xatol': 1e-9, 'fatol': 1e-14}).x,
        'bounded': optimize.minimize(rosenbrock, [0, 0], method='L-BFGS-B', bounds=[(-1, 0.5), (-1, 1)]).x, 'constrained': constrained.x,
        'fitted': fitted, 'spread': covariance,
        'scalar': optimize.minimize_scalar(lambda x: (x - 2) ** 2 + np.sin(5 * x), bounds=(0, 4), method='bounded').fun,
        'root': optimize.brentq(lambda x: x ** 3 - 2, 0, 2),
        'system': optimize.root(lambda v: [v[0] + v[1] ** 2 - 4, np.exp(v[0]) + v[0] * v[1] - 3], [0.1, 1.5]).x,
        'squares': optimize.least_squares(lambda p: p[0] * np.exp(-p[1] * time) + p[2] - measured, [1, 1, 1], loss='soft_l1').x,
        'evolution': optimize.differential_evolution(rosenbrock, [(-2, 2), (-2, 2)], rng=3, tol=1e-10, polish=False, maxiter=60).x.round(3),
    }


@close
def linear_programs():
    cost = [-3, -5, -4]
    limits, most = [[2, 3, 0], [0, 2, 5], [3, 2, 4]], [8, 10, 15]
    program = optimize.linprog(cost, A_ub=limits, b_ub=most)
    whole = optimize.milp(cost, constraints=optimize.LinearConstraint(limits, ub=most), integrality=[1, 1, 1])
    costs = np.random.default_rng(32).integers(1, 50, (6, 6))
    rows, columns = optimize.linear_sum_assignment(costs)
    return {
        'x': program.x, 'best': program.fun, 'prices': program.ineqlin.marginals, 'whole': whole.x, 'assignment': columns,
        'cost': costs[rows, columns].sum(),
        'not negative': optimize.nnls(np.array([[1.0, 2], [3, 4], [5, 6]]), np.array([1.0, -1, 3]))[0],
    }


@close
def interpolation():
    x = np.array([0, 1, 2.5, 4, 5.5, 7])
    y = np.array([0, 0.8, 0.6, -0.75, -0.7, 0.65])
    new = np.array([0.3, 1.7, 3.3, 6.1])
    grid = interpolate.RegularGridInterpolator((x, x), np.outer(y, y))
    points = np.random.default_rng(33).random((30, 2))
    surface = np.sin(points[:, 0] * 3) + points[:, 1] ** 2
    return {
        'cubic': interpolate.CubicSpline(x, y)(new), 'slope': interpolate.CubicSpline(x, y, bc_type='natural')(new, 1),
        'monotone': interpolate.PchipInterpolator(x, y)(new),
        'akima': interpolate.Akima1DInterpolator(x, y)(new), 'smooth': interpolate.make_smoothing_spline(x, y, lam=0.1)(new),
        'b spline': interpolate.make_interp_spline(x, y, k=3).c,
        'grid': grid([[0.5, 0.5], [3, 6]]), 'scattered': interpolate.griddata(points, surface, [[0.5, 0.5], [0.4, 0.6]]),
        'radial': interpolate.RBFInterpolator(points, surface)([[0.5, 0.5]]),
        'area': interpolate.CubicSpline(x, y).integrate(0, 7), 'linear': interpolate.interp1d(x, y)(new),
        'fitted': interpolate.splev(new, interpolate.splrep(x, y, s=0.05)),
    }


@close
def hypothesis_tests():
    one = np.random.default_rng(34)
    a, b, c = one.normal(0, 1, 40), one.normal(0.4, 1.2, 35), one.normal(0.1, 1, 30)
    table = [[12, 5, 7], [9, 14, 3]]
    tests = {
        'student': stats.ttest_ind(a, b), 'welch': stats.ttest_ind(a, b, equal_var=False), 'paired': stats.ttest_rel(a[:30], c),
        'rank sum': stats.mannwhitneyu(a, b),
        'signed': stats.wilcoxon(a[:30], c), 'kolmogorov': stats.ks_2samp(a, b), 'one sample': stats.kstest(a, 'norm'),
        'normal': stats.shapiro(a), 'anova': stats.f_oneway(a, b, c),
        'kruskal': stats.kruskal(a, b, c), 'levene': stats.levene(a, b), 'pearson': stats.pearsonr(a[:30], c),
        'spearman': stats.spearmanr(a[:30], c), 'kendall': stats.kendalltau(a[:30], c),
        'skewed': stats.skewtest(a), 'binomial': stats.binomtest(7, 20, 0.5), 'exact': stats.fisher_exact([[8, 2], [1, 5]]),
        'proportions': stats.chi2_contingency(table),
    }
    return {
        **{name: [float(test.statistic), float(test.pvalue)] for name, test in tests.items()},
        'expected': tests['proportions'].expected_freq,
        'interval': list(stats.t.interval(0.95, 39, a.mean(), stats.sem(a))),
        'line': [float(part) for part in stats.linregress(a[:30], c)[:4]],
        'bootstrap': list(stats.bootstrap((a,), np.mean, n_resamples=200, rng=5).confidence_interval), 'z': stats.zscore(a)[:3],
        'tukey': stats.tukey_hsd(a, b, c).pvalue[0].round(7),
    }


@close
def distributions():
    x = np.array([0.1, 0.5, 1.5, 3.0])
    kinds = {'normal': stats.norm(1, 2), 'gamma': stats.gamma(2.5), 'beta': stats.beta(2, 3), 'student': stats.t(4),
             'chi2': stats.chi2(3), 'lognormal': stats.lognorm(0.5),
             'weibull': stats.weibull_min(1.7), 'f': stats.f(3, 8)}
    counts = {'poisson': stats.poisson(3), 'binomial': stats.binom(10, 0.3), 'negative': stats.nbinom(3, 0.4), 'geometric': stats.geom(0.3)}
    sample = stats.gamma(2, scale=1.5).rvs(60, random_state=35)
    return {
        **{name: [kind.pdf(x), kind.cdf(x), kind.ppf([0.05, 0.5, 0.975])] for name, kind in kinds.items()},
        **{name: [kind.pmf([0, 2, 5]), kind.cdf([0, 2, 5])] for name, kind in counts.items()},
        'sample': sample[:4], 'normal fit': list(stats.norm.fit(sample)),
        'moments': [float(part) for part in stats.gamma.stats(2.5, moments='mvsk')], 'entropy': stats.entropy([0.2, 0.3, 0.5]),
        'density': stats.gaussian_kde(sample)([1, 2, 3]),
        'joint': stats.multivariate_normal([0, 0], [[2, 0.3], [0.3, 1]]).pdf([[0, 0], [1, 1]]),
        'halton': stats.qmc.Halton(2, scramble=False).random(3),
    }


@iterates
def sparse_matrices():
    one = np.random.default_rng(36)
    matrix = sparse.random_array((50, 50), density=0.08, format='csr', rng=one) + sparse.eye_array(50, format='csr') * 3
    right = one.normal(size=50)
    graph = sparse.csr_array(np.triu(one.integers(0, 5, (8, 8)) * (one.random((8, 8)) > 0.5)))
    symmetric = matrix @ matrix.T
    parts, labels = csgraph.connected_components(graph, directed=False)
    return {
        'stored': matrix.nnz, 'direct': sparse_linalg.spsolve(matrix.tocsc(), right)[:5],
        'iterative': sparse_linalg.gmres(matrix, right, rtol=1e-12)[0][:5],
        'conjugate': sparse_linalg.cg(symmetric, right, rtol=1e-12)[0][:5],
        'largest': np.sort(sparse_linalg.eigsh(symmetric, k=3, v0=np.ones(50), return_eigenvectors=False)),
        'singular': np.sort(sparse_linalg.svds(matrix, k=2, v0=np.ones(50), return_singular_vectors=False)),
        'factors': sparse_linalg.splu(matrix.tocsc()).solve(right)[:3],
        'parts': parts, 'labels': labels, 'paths': csgraph.dijkstra(graph, indices=0), 'tree': csgraph.minimum_spanning_tree(graph).sum(),
        'sum': matrix.sum(),
        'sliced': matrix[3:6, 10:20].toarray(), 'product': (matrix @ matrix).diagonal()[:4],
        'stacked': sparse.hstack([matrix, matrix]).shape, 'transposed': matrix.T.format,
    }


@close
def signals():
    time = np.arange(0, 2, 1 / 200)
    wave = np.sin(2 * np.pi * 3 * time) + 0.4 * np.sin(2 * np.pi * 50 * time) + np.random.default_rng(37).normal(0, 0.1, time.size)
    sections = signal.butter(4, 10, fs=200, output='sos')
    smooth = signal.sosfiltfilt(sections, wave)
    frequencies, power = signal.welch(wave, fs=200, nperseg=128)
    peaks, found = signal.find_peaks(smooth, prominence=0.5)
    return {
        'sections': sections, 'smooth': smooth[50:55], 'power': power[:20], 'loudest': frequencies[power.argmax()], 'peaks': peaks,
        'prominences': found['prominences'],
        'polished': signal.savgol_filter(wave, 11, 3)[:5], 'detrended': signal.detrend(wave)[:3],
        'resampled': signal.resample(wave, 40)[:4], 'envelope': np.abs(signal.hilbert(wave))[:4],
        'convolved': signal.fftconvolve(wave, wave[:20], mode='same')[:4],
        'response': np.abs(signal.freqz([1, 2, 1], [1, -0.3], worN=5)[1]), 'median': signal.medfilt(wave, 5)[:4],
        'cosines': fft.dct(wave[:8], norm='ortho'), 'spectrogram': signal.spectrogram(wave, 200, nperseg=64)[2].sum(axis=1)[:4],
        'lag': signal.correlate(wave, wave).argmax(),
    }


@iterates
def integration():
    def lotka(_, state):
        return [1.5 * state[0] - state[0] * state[1], state[0] * state[1] - 3 * state[1]]
    x = np.linspace(0, 1, 21)
    solutions = {
        method: integrate.solve_ivp(lotka, (0, 4), [10, 5], method=method, rtol=1e-8, atol=1e-10, t_eval=[1, 2, 4]).y
        for method in ('RK45', 'DOP853', 'BDF', 'LSODA')
    }
    return {
        **solutions, 'quadrature': [integrate.quad(np.exp, -np.inf, 0)[0], integrate.quad(lambda t: np.sin(t) / t, 0.1, 30, limit=200)[0]],
        'plane': integrate.dblquad(lambda y, t: t * y ** 2, 0, 2, 0, 1)[0],
        'simpson': integrate.simpson(np.sin(x), x=x), 'running': integrate.cumulative_trapezoid(x ** 2, x)[-2:],
        'gauss': integrate.fixed_quad(np.cos, 0, 1, n=5)[0],
        'boundary': integrate.solve_bvp(
            lambda t, y: np.vstack([y[1], -y[0]]), lambda a, b: np.array([a[0], b[0] - 1]),
            np.linspace(0, 1, 5), np.zeros((2, 5))).sol(0.5)[0],
    }


@close
def neighbourhoods():
    points = np.random.default_rng(38).random((40, 2))
    tree = spatial.cKDTree(points)
    distances, nearest = tree.query([[0.5, 0.5], [0.1, 0.9]], k=3)
    hull, mesh = spatial.ConvexHull(points), spatial.Delaunay(points)
    linked = cluster.hierarchy.linkage(points[:15], 'ward')
    centres, labels = cluster.vq.kmeans2(points, 3, rng=4, minit='++')
    return {
        'distances': distances, 'nearest': nearest, 'near': sorted(tree.query_ball_point([0.5, 0.5], 0.2)),
        'pairs': len(tree.query_pairs(0.1)), 'hull': np.sort(hull.vertices),
        'area': hull.volume, 'triangles': len(mesh.simplices), 'cells': len(spatial.Voronoi(points).vertices),
        'matrix': spatial.distance.cdist(points[:3], points[3:6], 'cosine'),
        'mahalanobis': spatial.distance.mahalanobis(points[0], points[1], np.linalg.inv(np.cov(points.T))), 'linked': linked,
        'flat': cluster.hierarchy.fcluster(linked, 3, 'maxclust'),
        'order': cluster.hierarchy.leaves_list(linked), 'centres': centres[centres[:, 0].argsort()],
        'sizes': sorted(np.bincount(labels).tolist()),
        'turned': spatial.transform.Rotation.from_euler('xyz', [10, 20, 30], degrees=True).as_quat(),
        'far': spatial.distance.directed_hausdorff(points[:20], points[20:])[0],
    }


@close
def functions_and_images():
    x = np.array([0.2, 1.0, 2.7, 6.5])
    picture = np.zeros((12, 12))
    picture[2:5, 2:5] = picture[7:11, 6:9] = 1
    labels, count = ndimage.label(picture)
    names = 'gamma gammaln digamma erf erfinv j0 y1 i0e k1 ellipk expit zeta lambertw sici'.split()
    return {
        **{name: getattr(special, name)(x / 10 if name in ('erfinv', 'ellipk') else x + (1 if name == 'zeta' else 0)) for name in names},
        'beta': special.betainc(2, 3, x / 10),
        'hypergeometric': special.hyp2f1(0.5, 1, 1.5, x / 10), 'softmax': special.softmax(x), 'logsumexp': special.logsumexp(x),
        'binomials': special.comb(30, [5, 15]), 'whole': str(special.comb(80, 40, exact=True)),
        'labels': count, 'sizes': ndimage.sum_labels(picture, labels, [1, 2]), 'centres': ndimage.center_of_mass(picture, labels, [1, 2]),
        'blurred': ndimage.gaussian_filter(picture, 1.5)[4],
        'edges': ndimage.sobel(picture)[3], 'grown': ndimage.binary_dilation(picture).sum(),
        'turned': ndimage.rotate(picture, 30, reshape=False)[6], 'far': ndimage.distance_transform_edt(picture)[9],
        'exponential': linalg.expm([[0, 1], [-1, 0.1]]), 'root': linalg.sqrtm([[4.0, 1], [1, 3]]),
        'schur': np.sort(np.diag(linalg.schur([[1.0, 2], [0.5, 3]])[0])), 'lu': linalg.lu([[1.0, 2], [3, 4]])[2],
    }
