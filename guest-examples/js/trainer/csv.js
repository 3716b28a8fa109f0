/**
 * The records of a CSV text, without blank lines. Values in quotes may hold commas, line breaks and doubled quotes.
 *
 * Whole lines at a time: there is no compiler behind a component's JavaScript, and a loop over all letters would be slow.
 * @param {string} text
 * @returns {{ line: number, values: string[] }[]} the line that each one begins on, and its values without the spaces around them
 */
export function parseCsv(text) {
  const lines = text.split("\n");
  const records = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = at + 1;
    let record = lines[at];
    while (endsInQuotes(record) && at + 1 < lines.length) {
      at += 1;
      record += "\n" + lines[at];
    }
    const values = record.includes('"') ? quotedValues(record) : record.split(",");
    if (values.length > 1 || values[0].trim() !== "") records.push({ line, values: values.map((value) => value.trim()) });
  }
  return records;
}

function endsInQuotes(record) {
  return record.includes('"') && record.split('"').length % 2 === 0;
}

function quotedValues(record) {
  const closed = endsInQuotes(record) ? record + '"' : record;
  const values = `,${closed}`.matchAll(/,((?:"[^"]*"|[^",])*)/g);
  return Array.from(values, ([, value]) => value.replace(/"((?:[^"]|"")*)"/g, (_, inner) => inner.replaceAll('""', '"')));
}
