/** The classifier of `polyglot/wit/trainer.wit` in JavaScript. */

import { Metrics, Model } from "weft:component/artifacts@0.1.0";
import { log, progress } from "weft:component/run@0.1.0";
import { double, readText, setProperties, step, writeJson } from "weft-guest";

import { readExamples } from "./examples.js";
import { examine, fit } from "./logistic.js";

export const train = step((data, label, positive, learningRate, epochs) => {
  if (!(learningRate > 0 && Number.isFinite(learningRate))) {
    throw `the learning rate must be more than 0, not ${learningRate}`;
  }
  if (epochs === 0) throw "epochs must be at least 1";
  const examples = readExamples(readText(data), label, positive);
  const fitted = fit(examples, learningRate, epochs, (done) => progress(BigInt(done), BigInt(epochs)));
  const { accuracy, logLoss } = examine(fitted, examples);
  log("info", `learned from ${examples.rows.length} rows; ${examples.skipped} have missing values`);

  const model = new Model();
  writeJson(model, fitted);
  setProperties(model, { label, positive, features: examples.features, accuracy: double(accuracy) });
  const metrics = new Metrics();
  metrics.log("accuracy", accuracy);
  metrics.log("log-loss", logLoss);
  metrics.log("rows", examples.rows.length);
  metrics.log("rows-skipped", examples.skipped);
  return { model, metrics, accuracy, weights: new Float64Array(fitted.weights) };
});
