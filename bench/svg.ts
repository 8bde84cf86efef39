/** Charts as SVG text: lines over two logarithmic axes, and bars. @module */

/** Points of one line, in the order they are drawn. */
export interface Line {
  /** Name in the legend. */
  readonly name: string;
  /** Each above zero. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** What a chart says about itself. */
export interface ChartText {
  /** Above the chart. */
  readonly title: string;
  /** Below the horizontal axis. */
  readonly x: string;
  /** Beside the vertical axis. */
  readonly y: string;
}

/** Bars of one group. */
export interface BarGroup {
  /** Below the group. */
  readonly name: string;
  /** Bars by name in the legend. */
  readonly bars: ReadonlyMap<string, number>;
}

const WIDTH = 720;
const HEIGHT = 420;
const LEFT = 80;
const RIGHT = 190;
const TOP = 40;
const BOTTOM = 60;
const COLORS = ["#1f5a99", "#c4531d", "#2b7a3d", "#7b3fa0", "#8a6d00", "#b0234a", "#0f7f86", "#555555"];

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function label(x: number, y: number, text: string, attributes = ""): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escapeText(text)}</text>`;
}

/** A number short enough for an axis: 64, 1Ki, 4Mi for powers of two from 1,024 on, else 0.1, 10, 1k, 1M. */
export function shortNumber(value: number): string {
  if (value >= 1024 && Number.isInteger(Math.log2(value))) {
    return value >= 1 << 20 ? `${value / (1 << 20)}Mi` : `${value / 1024}Ki`;
  }
  if (value >= 1e9) return `${value / 1e9}G`;
  if (value >= 1e6) return `${value / 1e6}M`;
  if (value >= 1e3) return `${value / 1e3}k`;
  return `${Number(value.toPrecision(3))}`;
}

function frame(text: ChartText, body: readonly string[], legend: readonly string[]): string {
  const middle = TOP + (HEIGHT - TOP - BOTTOM) / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    label(LEFT, 24, text.title, 'font-size="15"'),
    label(LEFT + (WIDTH - LEFT - RIGHT) / 2, HEIGHT - 14, text.x, 'text-anchor="middle"'),
    label(18, middle, text.y, `text-anchor="middle" transform="rotate(-90 18 ${middle})"`),
    ...body,
    ...legend.flatMap((name, index) => {
      const y = TOP + 10 + index * 20;
      return [
        `<rect x="${WIDTH - RIGHT + 16}" y="${y - 9}" width="12" height="12" fill="${COLORS[index % COLORS.length]}"/>`,
        label(WIDTH - RIGHT + 34, y + 1, name),
      ];
    }),
    "</svg>",
    "",
  ].join("\n");
}

/** Powers of `base` from at or below the smallest value to at or above the largest. */
function ticks(values: readonly number[], base: number): number[] {
  const low = Math.floor(Math.log(Math.min(...values)) / Math.log(base) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log(Math.max(...values)) / Math.log(base) - 1e-9));
  return Array.from({ length: high - low + 1 }, (_, step) => base ** (low + step));
}

function scale(marks: readonly number[], from: number, to: number): (value: number) => number {
  const low = Math.log(marks[0]!);
  const high = Math.log(marks.at(-1)!);
  return (value) => from + (Math.log(value) - low) / (high - low) * (to - from);
}

/**
 * Lines over two logarithmic axes; values that are not above zero are left out.
 *
 * @returns the SVG document; a frame without lines when there is no point to draw
 */
export function lineChart(text: ChartText, lines: readonly Line[]): string {
  const drawn = lines.map(({ name, points }) => ({ name, points: points.filter(([x, y]) => x > 0 && y > 0) }));
  const points = drawn.flatMap((line) => line.points);
  if (points.length === 0) return frame(text, [], []);
  const across = ticks(points.map(([x]) => x), 4);
  const upward = ticks(points.map(([, y]) => y), 10);
  const x = scale(across, LEFT, WIDTH - RIGHT);
  const y = scale(upward, HEIGHT - BOTTOM, TOP);
  const body = [
    ...across.flatMap((mark) => [
      `<line x1="${x(mark)}" x2="${x(mark)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}" stroke="#eeeeee"/>`,
      label(x(mark), HEIGHT - BOTTOM + 18, shortNumber(mark), 'text-anchor="middle"'),
    ]),
    ...upward.flatMap((mark) => [
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(mark)}" y2="${y(mark)}" stroke="#dddddd"/>`,
      label(LEFT - 6, y(mark) + 4, shortNumber(mark), 'text-anchor="end"'),
    ]),
    ...drawn.flatMap((line, index) => {
      const color = COLORS[index % COLORS.length];
      const path = line.points.map(([px, py]) => `${x(px).toFixed(1)},${y(py).toFixed(1)}`);
      return [
        `<polyline fill="none" stroke="${color}" stroke-width="2" points="${path.join(" ")}"/>`,
        ...path.map((point) => `<circle cx="${point.replace(",", '" cy="')}" r="3" fill="${color}"/>`),
      ];
    }),
  ];
  return frame(text, body, drawn.map(({ name }) => name));
}

/** Groups of bars over an axis that starts at zero. */
export function barChart(text: ChartText, groups: readonly BarGroup[]): string {
  const names = [...new Set(groups.flatMap(({ bars }) => [...bars.keys()]))];
  const values = groups.flatMap(({ bars }) => [...bars.values()]).filter(Number.isFinite);
  const highest = Math.max(1e-9, ...values);
  const step = 10 ** Math.floor(Math.log10(highest));
  const top = Math.ceil(highest / step) * step;
  const y = (value: number) => HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM);
  const width = (WIDTH - LEFT - RIGHT) / Math.max(1, groups.length);
  const bar = width * 0.8 / Math.max(1, names.length);
  const body = [
    ...[0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(top * share)}" y2="${y(top * share)}" stroke="#dddddd"/>`,
      label(LEFT - 6, y(top * share) + 4, shortNumber(top * share), 'text-anchor="end"'),
    ]),
    ...groups.flatMap(({ name, bars }, group) => [
      label(LEFT + (group + 0.5) * width, HEIGHT - BOTTOM + 18, name, 'text-anchor="middle" font-size="10"'),
      ...names.flatMap((each, index) => {
        const value = bars.get(each);
        if (value === undefined || !Number.isFinite(value)) return [];
        const x = LEFT + group * width + width * 0.1 + index * bar;
        return [
          `<rect x="${x.toFixed(1)}" y="${y(value).toFixed(1)}" width="${(bar * 0.9).toFixed(1)}" height="${
            (HEIGHT - BOTTOM - y(value)).toFixed(1)
          }" fill="${COLORS[index % COLORS.length]}"/>`,
        ];
      }),
    ]),
  ];
  return frame(text, body, names);
}
