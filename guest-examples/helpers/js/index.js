/** How much is moved at once: enough that a call costs nothing beside the bytes it moves. */
const PIECE = 256 * 1024;

/** Reads a handle piece by piece. */
export class Reader {
  #handle;
  /** Offset of the next byte to be read. */
  position = 0;

  constructor(handle) {
    this.#handle = handle;
  }

  /** The next `count` bytes, fewer only at the end, where there are none. */
  read(count = PIECE) {
    const left = Math.max(0, Number(this.#handle.length()) - this.position);
    const bytes = new Uint8Array(Math.min(count, left));
    for (let at = 0; at < bytes.length; ) {
      const piece = this.#handle.read(BigInt(this.position), BigInt(Math.min(PIECE, bytes.length - at)));
      bytes.set(piece, at);
      at += piece.length;
      this.position += piece.length;
    }
    return bytes;
  }

  /** Goes to this offset from the start. */
  seek(offset) {
    this.position = offset;
  }
}

/** Writes a handle from the start on, in large pieces. What is not flushed is lost. */
export class Writer {
  #handle;
  #pieces = [];
  #waiting = 0;
  #written = 0;
  #encoder = new TextEncoder();

  constructor(handle) {
    this.#handle = handle;
  }

  /** Adds bytes. They are copied, so that the caller may reuse the array. */
  bytes(bytes) {
    this.#pieces.push(bytes.slice());
    this.#waiting += bytes.length;
    if (this.#waiting >= PIECE) this.flush();
  }

  /** Adds a text as UTF-8. */
  text(text) {
    this.bytes(this.#encoder.encode(text));
  }

  /** Gives everything added to the runtime. */
  flush() {
    const all = new Uint8Array(this.#waiting);
    let at = 0;
    for (const piece of this.#pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [];
    this.#waiting = 0;
    for (let start = 0; start < all.length; start += PIECE) {
      const piece = all.subarray(start, start + PIECE);
      this.#handle.write(BigInt(this.#written), piece);
      this.#written += piece.length;
    }
  }
}

/** The content in pieces of at most `size` bytes. */
export function* chunks(handle, size = PIECE) {
  const reader = new Reader(handle);
  for (let piece = reader.read(size); piece.length > 0; piece = reader.read(size)) yield piece;
}

/** The lines of a text, without what ends them. */
export function* lines(handle) {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  for (const piece of chunks(handle)) {
    const parts = (rest + decoded(decoder, piece, { stream: true })).split("\n");
    rest = parts.pop();
    for (const line of parts) yield line.endsWith("\r") ? line.slice(0, -1) : line;
  }
  rest += decoded(decoder);
  if (rest !== "") yield rest;
}

/** All bytes. */
export function readBytes(handle) {
  return new Reader(handle).read(Number(handle.length()));
}

/** All of it as text; throws if it is not UTF-8. A byte order mark at its start is passed over. */
export function readText(handle) {
  return decoded(new TextDecoder("utf-8", { fatal: true }), readBytes(handle));
}

function decoded(decoder, bytes, options) {
  try {
    return decoder.decode(bytes, options);
  } catch {
    throw new Error("the artifact is not UTF-8 text");
  }
}

/** What it says as JSON. */
export function readJson(handle) {
  return JSON.parse(readText(handle));
}

/** Writes these bytes from the start on. */
export function writeBytes(handle, bytes) {
  const writer = new Writer(handle);
  writer.bytes(bytes);
  writer.flush();
}

/** Writes this text from the start on. */
export function writeText(handle, text) {
  writeBytes(handle, new TextEncoder().encode(text));
}

/** Writes a value as JSON. */
export function writeJson(handle, value) {
  writeText(handle, JSON.stringify(value, null, 2) + "\n");
}

/** All metadata properties. Integers that a number cannot hold exactly are a `BigInt`. */
export function properties(handle) {
  return Object.fromEntries(handle.properties().map(([name, value]) => [name, plain(value)]));
}

/** A property that is a double even where its value is a whole number. */
export function double(value) {
  return { tag: "double", val: value };
}

/** Sets metadata properties. */
export function setProperties(handle, values) {
  for (const [name, value] of Object.entries(values)) handle.setProperty(name, property(value));
}

function plain({ tag, val }) {
  switch (tag) {
    case "int":
      return Number.isSafeInteger(Number(val)) ? Number(val) : val;
    case "list":
    case "struct":
      return JSON.parse(val);
    default:
      return val;
  }
}

function property(value) {
  switch (typeof value) {
    case "bigint":
      return { tag: "int", val: value };
    case "number":
      return Number.isSafeInteger(value) ? { tag: "int", val: BigInt(value) } : { tag: "double", val: value };
    case "string":
      return { tag: "string", val: value };
    case "boolean":
      return { tag: "bool", val: value };
    case "object":
      if (value?.tag === "double") return value;
      if (value !== null) return { tag: Array.isArray(value) ? "list" : "struct", val: JSON.stringify(value) };
  }
  throw new TypeError(`a property is a number, a text, a truth value, an array or an object, not ${value}`);
}

const WORDS = {
  "out-of-range": ([offset, length]) => `offset ${offset} is beyond the end, ${length}`,
  "too-large": (limit) => `the runtime moves at most ${limit} bytes at once`,
  "read-only": () => "the artifact is an input, and inputs are never changed",
  "not-found": (name) => `there is no file \`${name}\` in the artifact`,
  "output-limit": (limit) => `the step may write no more than ${limit} bytes`,
};

/** Anything thrown, as a text: errors of the runtime, of JavaScript, and others. */
export function explain(error) {
  const refusal = error?.payload ?? error;
  if (refusal?.tag in WORDS) return WORDS[refusal.tag](refusal.val);
  if (typeof refusal?.val === "string") return refusal.val;
  return error instanceof Error ? error.message : String(refusal);
}

/**
 * Makes a step of a function whose signature is `result<.., string>`: what it throws becomes the text that the step fails with.
 * A `TypeError`, `ReferenceError` or `RangeError` is a mistake of the author's, and tells where it was made.
 */
export function step(run) {
  return (...inputs) => {
    try {
      return run(...inputs);
    } catch (error) {
      // Thrown on as it is, it would end the component without a word: there is no console to write to.
      const mistake = [TypeError, ReferenceError, RangeError].some((kind) => error instanceof kind);
      throw mistake ? `${error}\n${error.stack}` : explain(error);
    }
  };
}
