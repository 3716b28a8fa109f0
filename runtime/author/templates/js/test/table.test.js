import assert from "node:assert/strict";
import test from "node:test";

import { filter } from "../src/table.js";

const TABLE = "species,height\nfern,42.5\nmoss,2\n";

test("small rows are left out", () => {
  assert.deepEqual(filter(TABLE, "height", 10), { kept: "species,height\nfern,42.5\n", rows: 1 });
  assert.deepEqual(filter(TABLE, "height", 100), { kept: "species,height\n", rows: 0 });
});

test("mistakes are named", () => {
  assert.throws(() => filter(TABLE, "width", 1), /there is no column `width` in: species,height/);
  assert.throws(() => filter(TABLE, "species", 1), /line 2: `fern` is no number/);
  assert.throws(() => filter("", "height", 1), /the table is empty/);
});
