/** The rows to learn from, out of a CSV table. */

import { parseCsv } from "./csv.js";

const NUMBER = /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/;

const isMissing = (value) => value === "" || value === "NA";
// What JavaScript reads besides, such as 0x10, is a word here.
const isNumber = (value) => NUMBER.test(value) && Number.isFinite(Number(value));

/**
 * What a table says about one label.
 * @typedef {object} Examples
 * @property {string} label
 * @property {string} positive
 * @property {string[]} features names of the numeric columns
 * @property {number[][]} rows the complete rows: a value for each feature
 * @property {number[]} targets 1 for each row that is positive, 0 for the others
 * @property {number} skipped how many rows were left out
 */

/** @returns {Examples} */
export function readExamples(text, label, positive) {
  const { columns, records } = readTable(text);
  const atLabel = columns.indexOf(label);
  if (atLabel < 0) throw `the table has no column \`${label}\`; its columns are ${columns.join(", ")}`;

  const isFeature = (column) => {
    const present = records.map((record) => record[column]).filter((value) => !isMissing(value));
    return column !== atLabel && present.length > 0 && present.every(isNumber);
  };
  const features = [...columns.keys()].filter(isFeature);
  if (features.length === 0) throw `no column but \`${label}\` holds only numbers: there is nothing to learn from`;

  const complete = records.filter((record) => [atLabel, ...features].every((column) => !isMissing(record[column])));
  const targets = complete.map((record) => (record[atLabel] === positive ? 1 : 0));
  if (complete.length === 0) throw "every row has missing values: there is nothing to learn from";
  if (!targets.includes(1)) throw `no complete row has \`${positive}\` in the column \`${label}\``;
  if (!targets.includes(0)) throw `every complete row has \`${positive}\` in the column \`${label}\``;
  return {
    label,
    positive,
    features: features.map((column) => columns[column]),
    rows: complete.map((record) => features.map((column) => Number(record[column]))),
    targets,
    skipped: records.length - complete.length,
  };
}

/** The columns' names, and the rows, all as long as that. */
function readTable(text) {
  const [header, ...records] = parseCsv(text);
  if (!header) throw "the table is empty: it has no header line";
  const columns = header.values;
  for (const { line, values } of records) {
    if (values.length !== columns.length) {
      throw `line ${line} has ${values.length} values, but the header names ${columns.length} columns`;
    }
  }
  return { columns, records: records.map(({ values }) => values) };
}
