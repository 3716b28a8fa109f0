"""statsmodels: regressions with their tables, and time series."""

import warnings

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from statsmodels.tsa.arima.model import ARIMA
from statsmodels.tsa.holtwinters import ExponentialSmoothing
from statsmodels.tsa.seasonal import STL, seasonal_decompose
from statsmodels.tsa.stattools import acf, adfuller

from cases import close, iterates


def people(count=200):
    one = np.random.default_rng(51)
    table = pd.DataFrame(
        {'age': one.integers(20, 70, count).astype('int64'), 'income': one.gamma(4, 9, count),
         'area': one.choice(['town', 'land', 'coast'], count)},
    )
    score = -4 + 0.06 * table['age'] + 0.03 * table['income'] + (table['area'] == 'town') * 0.8
    table['spent'] = 10 + 2 * score + one.normal(0, 1.5, count)
    table['bought'] = (one.random(count) < 1 / (1 + np.exp(-score))).astype('int64')
    table['visits'] = one.poisson(np.exp(0.3 * score))
    return table


def told(result):
    return {
        'parameters': result.params, 'errors': result.bse, 'p': result.pvalues, 'interval': result.conf_int(),
        'likelihood': float(result.llf), 'aic': float(result.aic),
    }


@close
def ordinary_least_squares():
    table = people()
    result = smf.ols('spent ~ age + np.log(income) + C(area)', table).fit()
    robust = result.get_robustcov_results('HC3')
    influence = result.get_influence()
    return {
        **told(result), 'r2': result.rsquared, 'f': [float(result.fvalue), float(result.f_pvalue)], 'robust': robust.bse,
        'predicted': result.predict(table.head(3)), 'names': result.model.exog_names,
        'anova': sm.stats.anova_lm(result, typ=2), 'leverage': influence.hat_matrix_diag[:3],
        'watson': sm.stats.durbin_watson(result.resid), 'heteroscedastic': list(sm.stats.het_breuschpagan(result.resid, result.model.exog)),
        'weighted': sm.WLS(table['spent'], sm.add_constant(table[['age']]), weights=table['income']).fit().params,
        'test': float(result.t_test('age = 0.1').pvalue),
    }


@iterates
def logistic_regression():
    table = people()
    result = smf.logit('bought ~ age + income + C(area)', table).fit(disp=0)
    effects = result.get_margeff()
    return {
        **told(result), 'r2': result.prsquared, 'effects': effects.margeff, 'effect errors': effects.margeff_se,
        'table': result.pred_table(), 'odds': np.exp(result.params),
    }


@iterates
def generalised_linear_models():
    table = people()
    poisson = smf.glm('visits ~ age + income', table, family=sm.families.Poisson()).fit()
    gamma = smf.glm('income ~ age + C(area)', table, family=sm.families.Gamma(link=sm.families.links.Log())).fit()
    robust = sm.RLM(table['spent'], sm.add_constant(table[['age', 'income']])).fit()
    mixed = smf.mixedlm('spent ~ age', table, groups=table['area']).fit()
    return {
        'poisson': told(poisson), 'deviance': float(poisson.deviance), 'gamma': gamma.params, 'robust': robust.params,
        'mixed': mixed.fe_params, 'quantile': smf.quantreg('spent ~ age', table).fit(q=0.75).params,
        'predicted': poisson.predict(pd.DataFrame({'age': [30, 60], 'income': [20, 50]})),
    }


def sales():
    one = np.random.default_rng(52)
    months = pd.date_range('2016-01-01', periods=72, freq='MS')
    wave = 10 * np.sin(2 * np.pi * np.arange(72) / 12)
    return pd.Series(100 + 0.5 * np.arange(72) + wave + one.normal(0, 2, 72), index=months)


@iterates
def arima():
    one = np.random.default_rng(53)
    steps, values = one.normal(size=150), [0.0]
    for step, before in zip(steps[1:], steps[:-1]):
        values.append(0.6 * values[-1] + step + 0.3 * before)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        result = ARIMA(np.array(values), order=(1, 0, 1)).fit()
    forecast = result.get_forecast(3)
    # The optimiser stops where the likelihood is flat: the likelihood is certain to more digits than the place.
    return {
        'likelihood': float(result.llf), 'aic': float(result.aic), 'parameters': result.params.round(4),
        'forecast': forecast.predicted_mean.round(4), 'errors': forecast.se_mean.round(4),
    }


@iterates
def seasons():
    series = sales()
    parts = seasonal_decompose(series, model='additive', period=12)
    stl = STL(series, period=12, robust=True).fit()
    smooth = ExponentialSmoothing(series, trend='add', seasonal='add', seasonal_periods=12, initialization_method='estimated')
    smooth = smooth.fit(smoothing_level=0.4, smoothing_trend=0.1, smoothing_seasonal=0.2, optimized=False)
    return {
        'trend': parts.trend.dropna().iloc[:4], 'seasonal': parts.seasonal.iloc[:12], 'loess': stl.trend.iloc[[0, 30, -1]],
        'weights': stl.weights.iloc[:5], 'smooth': smooth.forecast(3), 'errors': float(smooth.sse),
        'correlations': acf(series, nlags=5), 'unit root': [float(part) for part in adfuller(series.diff().dropna())[:2]],
        'lowess': sm.nonparametric.lowess(series.values, np.arange(72), frac=0.3)[:3, 1],
        'filtered': sm.tsa.filters.hpfilter(series, 1600)[1].iloc[:3],
    }
