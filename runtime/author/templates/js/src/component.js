// The steps that `wit/world.wit` declares: artifacts in, artifacts out. What they compute is in `table.js`.
// @ts-check

import { Dataset } from "weft:component/artifacts@0.1.0";
import { log } from "weft:component/run@0.1.0";

import * as tables from "./table.js";

const PIECE = 1n << 20n;

/** @type {typeof import("example:{{name}}/{{name}}").filter} */
export function filter(table, column, minimum) {
  // What is thrown as a string is the error that the step fails with.
  const { kept, rows } = orFail(() => tables.filter(read(table), column, minimum));
  log("info", `kept ${rows} rows`);

  const output = new Dataset();
  output.append(new TextEncoder().encode(kept));
  return { kept: output, rows };
}

/**
 * The whole of an input, asked for in pieces that the runtime is glad to give.
 *
 * @param {Dataset} data
 */
function read(data) {
  const decoder = new TextDecoder();
  const length = data.length();
  let text = "";
  for (let at = 0n; at < length; at += PIECE) {
    text += decoder.decode(data.read(at, PIECE), { stream: true });
  }
  return text + decoder.decode();
}

/**
 * @template T
 * @param {() => T} work
 */
function orFail(work) {
  try {
    return work();
  } catch (error) {
    throw error instanceof Error ? error.message : error;
  }
}
