/** The comparison of `polyglot/wit/comparison.wit` in JavaScript. */

import { Html } from "weft:component/artifacts@0.1.0";
import { log } from "weft:component/run@0.1.0";
import { properties, readJson, step } from "weft-guest";

import { greatestDifference } from "./models.js";
import { page } from "./page.js";

export const compare = step((rust, python, javascript, c, statistics, tolerance) => {
  const handles = { Rust: rust, Python: python, JavaScript: javascript, C: c };
  const models = Object.entries(handles).map(([language, handle]) => ({
    language,
    accuracy: properties(handle).accuracy,
    ...readJson(handle),
  }));
  const difference = greatestDifference(models);
  if (!(difference <= tolerance)) throw `the models differ by ${difference}, more than ${tolerance}`;
  log("info", `the models differ by ${difference} at most`);

  const report = new Html();
  report.setText(page(models, readJson(statistics), difference));
  report.setDisplayName("Four trainers, one model");
  return { report, difference };
});
