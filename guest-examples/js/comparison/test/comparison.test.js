import assert from "node:assert/strict";
import { test } from "node:test";

import { greatestDifference } from "../models.js";
import { page } from "../page.js";

const model = (more = {}) => ({
  language: "Rust",
  format: "weft-logistic-1",
  label: "kind",
  positive: "<a>",
  features: ["x"],
  mean: [1],
  deviation: [2],
  weights: [-0.5, 0.25],
  accuracy: 1,
  ...more,
});
const statistics = {
  rows: 3,
  columns: [{ name: "x", mean: 1, deviation: 2, minimum: -1, maximum: 3 }],
  correlation: [[null]],
};

test("the greatest difference of all numbers is found", () => {
  assert.equal(greatestDifference([model(), model()]), 0);
  const others = [model({ weights: [-0.5, 0.5] }), model({ mean: [0.875] })];
  assert.equal(greatestDifference([model(), ...others]), 0.25);
  assert.ok(Number.isNaN(greatestDifference([model(), model({ mean: [NaN] })])), "what is no number is no agreement");
});

test("models of different things are not compared", () => {
  const wrong = (more, text) => assert.throws(() => greatestDifference([model(), model({ language: "C", ...more })]), (thrown) => text.test(thrown));
  wrong({ features: ["y"] }, /from Rust and C have different/);
  wrong({ weights: [1] }, /from Rust and C have different/);
  wrong({ format: "other" }, /from C is not of the format/);
});

test("the page holds every number, and no tags but its own", () => {
  const text = page([model(), model({ language: "C" })], statistics, 1e-12);
  assert.match(text, /<b>&lt;a&gt;<\/b>/);
  assert.match(text, /<td>-0.500000000000000<\/td><td>-0.500000000000000<\/td>/);
  assert.match(text, /<b>1e-12<\/b>/);
  assert.match(text, /<td>–<\/td>/);
  assert.equal(text.match(/<rect/g).length, 2);
});
