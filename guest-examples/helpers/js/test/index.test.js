import assert from "node:assert/strict";
import { test } from "node:test";

import * as weft from "../index.js";

/** An artifact as the runtime gives it, but in memory. */
class Handle {
  named = {};
  constructor(content = "") {
    this.content = Buffer.from(content);
  }
  length() {
    return BigInt(this.content.length);
  }
  read(offset, length) {
    return new Uint8Array(this.content.subarray(Number(offset), Number(offset + length)));
  }
  write(offset, bytes) {
    if (Object.isFrozen(this)) throw { payload: { tag: "read-only" } };
    const end = Number(offset) + bytes.length;
    if (end > this.content.length) this.content = Buffer.concat([this.content, Buffer.alloc(end - this.content.length)]);
    this.content.set(bytes, Number(offset));
  }
  properties() {
    return Object.entries(this.named);
  }
  setProperty(name, value) {
    this.named[name] = value;
  }
}

test("what is written is read across many pieces", () => {
  const content = new Uint8Array(1_000_000).map((_, at) => at % 251);
  const handle = new Handle();
  const writer = new weft.Writer(handle);
  const piece = new Uint8Array(1000);
  for (let at = 0; at < content.length; at += 1000) {
    piece.set(content.subarray(at, at + 1000)); // one array, used again and again
    writer.bytes(piece);
  }
  writer.flush();
  assert.deepEqual(weft.readBytes(handle), content);
  assert.deepEqual([...weft.chunks(handle, 300_000)].map((chunk) => chunk.length), [300_000, 300_000, 300_000, 100_000]);
});

test("lines go across pieces, and letters of several bytes too", () => {
  const handle = new Handle("ü".repeat(200_000) + "\r\n\nlast");
  const [first, second, third, ...more] = weft.lines(handle);
  assert.deepEqual([first.length, second, third, more.length], [200_000, "", "last", 0]);
  assert.deepEqual([...weft.lines(new Handle("a\n"))], ["a"]);
  assert.deepEqual([...weft.lines(new Handle())], []);
});

test("a reader goes where it is sent", () => {
  const reader = new weft.Reader(new Handle("0123456789"));
  reader.seek(7);
  assert.equal(Buffer.from(reader.read(100)).toString(), "789");
  assert.equal(reader.read().length, 0);
  reader.seek(100);
  assert.equal(reader.read().length, 0);
});

test("json goes there and back", () => {
  const handle = new Handle();
  weft.writeJson(handle, { ü: [1, 2.5, null] });
  assert.deepEqual(weft.readJson(handle), { ü: [1, 2.5, null] });
  const binary = new Handle(new Uint8Array([65, 255]));
  assert.throws(() => weft.readText(binary), /not UTF-8 text/);
  assert.throws(() => [...weft.lines(binary)], /not UTF-8 text/);
});

test("plain values are properties and come back", () => {
  const handle = new Handle();
  const values = { int: 7, double: 0.5, text: "ü", truth: true, list: [1, "a"], struct: { a: null }, big: 2n ** 60n };
  weft.setProperties(handle, values);
  assert.deepEqual(handle.named.int, { tag: "int", val: 7n });
  assert.deepEqual(weft.properties(handle), values);
  weft.setProperties(handle, { whole: weft.double(1) });
  assert.deepEqual(handle.named.whole, { tag: "double", val: 1 });
  assert.throws(() => weft.setProperties(handle, { nothing: null }), /not null/);
});

test("what is thrown becomes the text of the step, and mistakes tell their place", () => {
  const failing = (error) => weft.step(() => { throw error; });
  const thrown = (error) => {
    try {
      failing(error)();
    } catch (what) {
      return what;
    }
  };
  assert.equal(thrown(new Error("seven is wrong")), "seven is wrong");
  assert.equal(thrown("plain"), "plain");
  assert.equal(thrown({ payload: { tag: "not-found", val: "a/b" } }), "there is no file `a/b` in the artifact");
  assert.equal(thrown({ tag: "io", val: "disk full" }), "disk full");
  assert.match(thrown(new TypeError("x is undefined")), /^TypeError: x is undefined\n[^]*index.test.js/);
  assert.equal(weft.step((a, b) => a + b)(1, 2), 3);

  const full = Object.freeze(new Handle());
  assert.equal(weft.explain((() => { try { weft.writeText(full, "x"); } catch (error) { return error; } })()),
    "the artifact is an input, and inputs are never changed");
});
