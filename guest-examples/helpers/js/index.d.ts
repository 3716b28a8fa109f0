/** Artifacts of every kind, files inside of them, and types of your own with these methods. */
export interface Readable {
  length(): bigint;
  read(offset: bigint, length: bigint): Uint8Array;
}

/** Artifacts of every kind that this step made, their files, and types of your own with this method. */
export interface Writable {
  write(offset: bigint, bytes: Uint8Array): void;
}

/** A metadata property as the bindings give it. */
export type Value =
  | { tag: "int"; val: bigint }
  | { tag: "double"; val: number }
  | { tag: "string" | "list" | "struct"; val: string }
  | { tag: "bool"; val: boolean };

/** A metadata property as a plain value. */
export type Plain = number | bigint | string | boolean | unknown[] | Record<string, unknown>;

/** Handles with properties: artifacts of every kind. */
export interface Described {
  properties(): [string, Value][];
  setProperty(name: string, value: Value): void;
}

/** Reads a handle piece by piece. */
export class Reader {
  constructor(handle: Readable);
  /** Offset of the next byte to be read. */
  position: number;
  /** The next `count` bytes, fewer only at the end, where there are none. */
  read(count?: number): Uint8Array;
  /** Goes to this offset from the start. */
  seek(offset: number): void;
}

/** Writes a handle from the start on, in large pieces. What is not flushed is lost. */
export class Writer {
  constructor(handle: Writable);
  /** Adds bytes. They are copied, so that the caller may reuse the array. */
  bytes(bytes: Uint8Array): void;
  /** Adds a text as UTF-8. */
  text(text: string): void;
  /** Gives everything added to the runtime. */
  flush(): void;
}

/** The content in pieces of at most `size` bytes. */
export function chunks(handle: Readable, size?: number): Generator<Uint8Array, void>;
/** The lines of a text, without what ends them. */
export function lines(handle: Readable): Generator<string, void>;
/** All bytes. */
export function readBytes(handle: Readable): Uint8Array;
/** All of it as text; throws if it is not UTF-8. A byte order mark at its start is passed over. */
export function readText(handle: Readable): string;
/** What it says as JSON. */
export function readJson<T = unknown>(handle: Readable): T;
/** Writes these bytes from the start on. */
export function writeBytes(handle: Writable, bytes: Uint8Array): void;
/** Writes this text from the start on. */
export function writeText(handle: Writable, text: string): void;
/** Writes a value as JSON. */
export function writeJson(handle: Writable, value: unknown): void;
/** All metadata properties. Integers that a number cannot hold exactly are a `BigInt`. */
export function properties(handle: Described): Record<string, Plain>;
/** A property that is a double even where its value is a whole number. */
export function double(value: number): Value;
/** Sets metadata properties: whole numbers as integers, others as doubles, arrays and objects as JSON. */
export function setProperties(handle: Described, values: Record<string, Plain | Value>): void;
/** Anything thrown, as a text: errors of the runtime, of JavaScript, and others. */
export function explain(error: unknown): string;
/**
 * Makes a step of a function whose signature is `result<.., string>`: what it throws becomes the text that the step fails with.
 * A `TypeError`, `ReferenceError` or `RangeError` is a mistake of the author's, and tells where it was made.
 */
export function step<Inputs extends unknown[], Outputs>(run: (...inputs: Inputs) => Outputs): (...inputs: Inputs) => Outputs;
