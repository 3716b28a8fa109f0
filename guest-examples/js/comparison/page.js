const STYLE = `
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
  table { border-collapse: collapse; margin: 1rem 0 }
  th, td { padding: .25rem .75rem; border-bottom: 1px solid #ddd; text-align: right; font-variant-numeric: tabular-nums }
  th:first-child, td:first-child { text-align: left }
  .scroll { overflow-x: auto }
  rect.up { fill: #2a7ab0 } rect.down { fill: #c2562b }
`;

/** Text as it may stand in a page. */
export function escape(text) {
  const names = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return String(text).replace(/[&<>"']/g, (letter) => names[letter]);
}

/**
 * The report.
 * @param {import("./models.js").Model[]} models
 * @param {{ rows: number, columns: object[], correlation: (number | null)[][] }} statistics
 * @param {number} difference
 */
export function page(models, statistics, difference) {
  const [{ label, positive, features, weights }] = models;
  const names = ["intercept", ...features];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Four trainers, one model</title>
<style>${STYLE}</style>
<h1>Four trainers, one model</h1>
<p>Each tells <b>${escape(positive)}</b> from the rest in <code>${escape(label)}</code>.
The largest difference in any number is <b>${escape(difference)}</b>.</p>
<h2>Weights</h2>
<div class="scroll">${weightTable(models, names)}</div>
${weightChart(names, weights)}
<h2>What they learned from</h2>
<div class="scroll">${columnTable(statistics)}</div>
<h2>Correlation</h2>
<div class="scroll">${correlationTable(statistics)}</div>
</html>
`;
}

function weightTable(models, names) {
  const rows = names.map((name, j) => [name, ...models.map(({ weights }) => weights[j].toPrecision(15))]);
  return table(["", ...models.map(({ language }) => language)], [
    ...rows,
    ["accuracy", ...models.map(({ accuracy }) => accuracy.toFixed(4))],
  ]);
}

/** Bars to both sides of the middle. */
function weightChart(names, weights) {
  const largest = Math.max(...weights.map(Math.abs)) || 1;
  const bars = weights.map((weight, j) => {
    const width = (Math.abs(weight) / largest) * 200;
    const x = weight < 0 ? 400 - width : 400;
    return `<rect class="${weight < 0 ? "down" : "up"}" x="${x.toFixed(1)}" y="${j * 24 + 4}" width="${width.toFixed(1)}" height="16"/>
  <text x="190" y="${j * 24 + 17}" text-anchor="end">${escape(names[j])}</text>`;
  });
  return `<svg viewBox="0 0 620 ${weights.length * 24}" width="620" font-size="13" role="img" aria-label="Weights">
  ${bars.join("\n  ")}
</svg>`;
}

function columnTable({ rows, columns }) {
  const short = (number) => number.toPrecision(5);
  return `<p>${rows} complete rows.</p>` + table(
    ["column", "mean", "deviation", "minimum", "maximum"],
    columns.map(({ name, mean, deviation, minimum, maximum }) => [name, ...[mean, deviation, minimum, maximum].map(short)]),
  );
}

function correlationTable({ columns, correlation }) {
  const head = ["", ...columns.map((_, j) => j + 1)];
  const cell = (number) => (number === null ? "–" : number.toFixed(2));
  return table(head, columns.map(({ name }, a) => [`${a + 1} ${name}`, ...correlation[a].map(cell)]));
}

function table(head, rows) {
  const line = (cells, tag) => `<tr>${cells.map((cell) => `<${tag}>${escape(cell)}</${tag}>`).join("")}</tr>`;
  return `<table>\n${line(head, "th")}\n${rows.map((row) => line(row, "td")).join("\n")}\n</table>`;
}
