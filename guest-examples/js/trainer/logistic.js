/** The model, and how it is fitted. `polyglot/wit/trainer.wit` tells the order of operations. */

/** The least probability whose logarithm is taken. */
const LEAST = 1e-15;

/**
 * A logistic regression on standardised numbers.
 * @typedef {object} Logistic
 * @property {string} format
 * @property {string} label
 * @property {string} positive
 * @property {string[]} features
 * @property {number[]} mean
 * @property {number[]} deviation
 * @property {number[]} weights the intercept, then one for each feature
 */

/**
 * Calls `progress` with the number of epochs done after each one.
 * @param {import("./examples.js").Examples} examples
 * @returns {Logistic}
 */
export function fit({ label, positive, features, rows, targets }, learningRate, epochs, progress) {
  const n = rows.length;
  const mean = features.map((_, j) => total(rows, (row) => row[j]) / n);
  const deviation = features.map((_, j) => Math.sqrt(total(rows, (row) => (row[j] - mean[j]) * (row[j] - mean[j])) / n) || 1);
  let weights = new Array(features.length + 1).fill(0);
  const model = () => ({ format: "weft-logistic-1", label, positive, features, mean, deviation, weights });

  const standardised = rows.map((row) => standardise(model(), row));
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    const gradient = new Array(weights.length).fill(0);
    standardised.forEach((z, i) => {
      const error = probability(weights, z) - targets[i];
      gradient[0] += error;
      for (let j = 0; j < z.length; j += 1) gradient[j + 1] += error * z[j];
    });
    weights = weights.map((weight, j) => weight - learningRate * (gradient[j] / n));
    progress(epoch + 1);
  }
  if (!weights.every(Number.isFinite)) {
    throw `the weights grew beyond all bounds: the learning rate ${learningRate} is too large`;
  }
  return model();
}

/** How well a model does on examples. */
export function examine(model, { rows, targets }) {
  const n = rows.length;
  const scored = rows.map((row, i) => ({ p: probability(model.weights, standardise(model, row)), y: targets[i] }));
  const right = scored.filter(({ p, y }) => p >= 0.5 === (y === 1)).length;
  const loss = total(scored, ({ p, y }) => -Math.log(Math.max(y === 1 ? p : 1 - p, LEAST)));
  return { accuracy: right / n, logLoss: loss / n };
}

function standardise({ mean, deviation }, row) {
  return row.map((value, j) => (value - mean[j]) / deviation[j]);
}

/** How likely a row of standardised values is positive. */
function probability(weights, z) {
  let s = weights[0];
  for (let j = 0; j < z.length; j += 1) s += weights[j + 1] * z[j];
  return 1 / (1 + Math.exp(-s));
}

/** From left to right. */
function total(items, term) {
  return items.reduce((sum, item) => sum + term(item), 0);
}
