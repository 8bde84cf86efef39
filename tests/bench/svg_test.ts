import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { barChart, lineChart, shortNumber } from "../../bench/svg.ts";

const TEXT = { title: "a < b", x: "bytes", y: "µs" };

Deno.test("a line chart draws every point inside its frame", () => {
  const svg = lineChart(TEXT, [{ name: "one", points: [[64, 0.2], [4096, 30], [4194304, 1500]] }]);
  const points = /<polyline[^>]* points="([^"]+)"/.exec(svg)![1]!.split(" ").map((pair) => pair.split(",").map(Number));
  assertEquals(points.length, 3);
  for (const [x, y] of points as [number, number][]) {
    assert(x >= 80 && x <= 530, `x ${x}`);
    assert(y >= 40 && y <= 360, `y ${y}`);
  }
  assert(points[0]![0]! < points[1]![0]! && points[1]![0]! < points[2]![0]!);
  assert(points[0]![1]! > points[1]![1]! && points[1]![1]! > points[2]![1]!);
});

Deno.test("what a logarithmic axis cannot show is left out", () => {
  const svg = lineChart(TEXT, [{ name: "one", points: [[1, -3], [16, 0], [64, 5]] }]);
  assertEquals(svg.split("<circle").length - 1, 1);
  assertEquals(lineChart(TEXT, [{ name: "none", points: [[1, 0]] }]).includes("NaN"), false);
});

Deno.test("text is escaped", () => {
  assertStringIncludes(barChart(TEXT, []), "a &lt; b");
});

Deno.test("bars are as high as their values", () => {
  const svg = barChart(TEXT, [{ name: "group", bars: new Map([["half", 0.5], ["full", 1], ["none", NaN]]) }]);
  const heights = [...svg.matchAll(/height="([\d.]+)" fill="#(?:1f5a99|c4531d|2b7a3d)"\/>/g)].map(([, height]) =>
    Number(height)
  )
    .filter((height) => height !== 12);
  assertEquals(heights, [160, 320]);
});

Deno.test("axes have short numbers", () => {
  assertEquals([64, 1024, 4194304, 0.1, 10, 100000].map(shortNumber), ["64", "1Ki", "4Mi", "0.1", "10", "100k"]);
});
