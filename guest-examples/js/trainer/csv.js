/**
 * The records of a CSV text, without blank lines. Values in quotes may hold commas, line breaks and doubled quotes.
 * @param {string} text
 * @returns {{ line: number, values: string[] }[]} the line that each one begins on, and its values without the spaces around them
 */
export function parseCsv(text) {
  const records = [];
  let [values, value, quoted, line, start] = [[], "", false, 1, 1];
  const endRecord = () => {
    values.push(value.trim());
    if (values.length > 1 || values[0] !== "") records.push({ line: start, values });
    [values, value, start] = [[], "", line + 1];
  };
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (quoted && letter === '"' && text[at + 1] === '"') {
      value += '"';
      at += 1;
    } else if (letter === '"') {
      quoted = !quoted;
    } else if (letter === "," && !quoted) {
      values.push(value.trim());
      value = "";
    } else if (letter === "\n" && !quoted) {
      endRecord();
    } else {
      value += letter;
    }
    if (letter === "\n") line += 1;
  }
  if (value !== "" || values.length > 0) endRecord();
  return records;
}
