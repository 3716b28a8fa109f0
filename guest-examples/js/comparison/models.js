/**
 * A model as the trainers write it, with who made it.
 * @typedef {object} Model
 * @property {string} language
 * @property {number} accuracy
 * @property {string} label
 * @property {string} positive
 * @property {string[]} features
 * @property {number[]} mean
 * @property {number[]} deviation
 * @property {number[]} weights
 */

const numbers = ({ mean, deviation, weights }) => [...mean, ...deviation, ...weights];
const kind = ({ format, label, positive, features }) => JSON.stringify([format, label, positive, features]);

/**
 * The largest difference between any two models in the same number. Throws if they are not models of the same thing.
 * @param {Model[]} models
 */
export function greatestDifference(models) {
  for (const model of models) {
    if (model.format !== "weft-logistic-1") throw `the model from ${model.language} is not of the format weft-logistic-1`;
    if (kind(model) !== kind(models[0]) || numbers(model).length !== numbers(models[0]).length) {
      throw `the models from ${models[0].language} and ${model.language} have different labels or features`;
    }
  }
  const spreads = numbers(models[0]).map((_, at) => {
    const values = models.map((model) => numbers(model)[at]);
    return Math.max(...values) - Math.min(...values);
  });
  return Math.max(...spreads);
}
