// What the step computes: plain JavaScript, tested by `node --test` without a runtime.

/**
 * The header and the rows whose number in `column` is at least `minimum`, and how many rows they are.
 *
 * @param {string} table
 * @param {string} column
 * @param {number} minimum
 */
export function filter(table, column, minimum) {
  const lines = table.split(/\r?\n/);
  const header = lines[0];
  if (!header) throw new Error("the table is empty");
  const at = header.split(",").indexOf(column);
  if (at < 0) throw new Error(`there is no column \`${column}\` in: ${header}`);

  let kept = header + "\n";
  let rows = 0;
  for (const [n, line] of lines.entries()) {
    if (n === 0 || line === "") continue;
    const text = line.split(",")[at] ?? "";
    const value = text.trim() === "" ? NaN : Number(text);
    if (Number.isNaN(value)) throw new Error(`line ${n + 1}: \`${text}\` is no number`);
    if (value >= minimum) {
      kept += line + "\n";
      rows += 1;
    }
  }
  return { kept, rows };
}
