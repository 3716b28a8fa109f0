import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { parseCsv } from "../csv.js";
import { readExamples } from "../examples.js";
import { examine, fit } from "../logistic.js";

const root = new URL("../../..", import.meta.url).pathname;
const read = (table) => readExamples(table, "kind", "a");

test("quotes and line breaks in values survive", () => {
  const records = parseCsv('a,b\r\n"1,5","two\nlines"\n\n plain ,"a ""word"""');
  assert.deepEqual(records.map(({ values }) => values), [["a", "b"], ["1,5", "two\nlines"], ["plain", 'a "word"']]);
  assert.deepEqual(records.map(({ line }) => line), [1, 2, 5]);
  const values = (text) => parseCsv(text)[0].values;
  assert.deepEqual(values(',"",\r'), ["", "", ""]);
  assert.deepEqual(values('"a""b","c" d'), ['a"b', "c d"]);
  assert.deepEqual(values('a,"never closed, or so\n'), ["a", "never closed, or so"]);
});

test("numeric columns are features and complete rows are examples", () => {
  const examples = read("x,kind,word,y,empty\n 1 ,a,one,-1.5e3,\nNA,b,2,2,\n3,,4,4,\n.5,b,nan,+7,NA\n");
  assert.deepEqual(examples.features, ["x", "y"]);
  assert.deepEqual([examples.rows, examples.targets, examples.skipped], [[[1, -1500], [0.5, 7]], [1, 0], 2]);
});

test("what is wrong is said", () => {
  const wrong = {
    "": "the table is empty: it has no header line",
    "x,y\n1,2\n": "the table has no column `kind`; its columns are x, y",
    "x,kind\n1,a\n2\n": "line 3 has 1 values, but the header names 2 columns",
    "x,kind\n0x1,a\n2,b\n": "no column but `kind` holds only numbers: there is nothing to learn from",
    "x,kind\n1,\n2,NA\n": "every row has missing values: there is nothing to learn from",
    "x,kind\n1,b\n2,b\n": "no complete row has `a` in the column `kind`",
    "x,kind\n1,a\n2,a\n": "every complete row has `a` in the column `kind`",
  };
  for (const [table, text] of Object.entries(wrong)) assert.throws(() => read(table), (thrown) => thrown === text, text);
});

test("the penguins give the model that all languages give", () => {
  const expected = JSON.parse(readFileSync(`${root}/polyglot/expected.json`, "utf8"));
  const examples = readExamples(readFileSync(`${root}/penguins/data/penguins.csv`, "utf8"), "species", "Gentoo");
  const model = fit(examples, 0.5, 200, () => {});
  const { accuracy, logLoss } = examine(model, examples);
  const numbers = ({ weights, mean, deviation }) => [...weights, ...mean, ...deviation];
  const ours = [...numbers(model), accuracy, logLoss];
  const theirs = [...numbers(expected), expected.accuracy, expected["log-loss"]];
  assert.equal(ours.length, theirs.length);
  ours.forEach((number, at) => assert.ok(Math.abs(number - theirs[at]) < 1e-9, `${number} is not ${theirs[at]}`));
  assert.deepEqual([examples.rows.length, examples.skipped], [342, 2]);
});

test("a constant column has no say, and a wild learning rate is refused", () => {
  const model = fit(read("x,c,kind\n1,5,a\n2,5,b\n"), 0.1, 50, () => {});
  assert.deepEqual([model.deviation[1], model.weights[2]], [1, 0]);
  assert.ok(model.weights[1] < 0);
  const wild = read("x,y,kind\n1,1,a\n6,4,b\n3,2,a\n0,1,b\n");
  assert.throws(() => fit(wild, 1.7e308, 20, () => {}), (thrown) => /too large/.test(thrown));
});
