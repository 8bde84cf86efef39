import { assertEquals } from "@std/assert";
import { seeded } from "./hostile_json.ts";
import { hasKernel, openKernel, runPipeline } from "./kernel_twin.ts";

/** The text of a number as people and programs write it, also such as JSON.stringify would not. */
function numberText(random: () => number): string {
  const below = (most: number) => Math.floor(random() * most);
  const digits = (count: number) => Array.from({ length: count }, () => below(random() < 0.3 ? 1 : 10)).join("");
  const sign = random() < 0.3 ? "-" : "";
  const whole = random() < 0.3 ? "0" : `${1 + below(9)}${digits(below(18))}`;
  const fraction = random() < 0.5 ? `.${digits(1 + below(random() < 0.5 ? 4 : 17))}` : "";
  const exponent = random() < 0.1 ? `${"eE"[below(2)]}${["", "+", "-"][below(3)]}${below(330)}` : "";
  return sign + whole + fraction + exponent;
}

Deno.test({
  name: "numbers are written as JSON.stringify writes them, whether they are copied or made anew",
  ignore: !await hasKernel(),
  async fn() {
    const random = seeded(11);
    const encoder = new TextEncoder();
    const payloads = Array.from({ length: 5_000 }, () => {
      const space = random() < 0.1 ? " " : "";
      return encoder.encode(`{"n":${space}${numberText(random)}${space},"m":${numberText(random)}}`);
    });
    const project = [{
      project: { n: ["field", "n"], sum: ["+", ["field", "m"], 1], text: ["string", ["field", "m"]] },
    }] as const;
    const { kernel, opened } = await openKernel(project);
    await using _ = opened;
    assertEquals(await runPipeline(project, payloads, kernel), await runPipeline(project, payloads));
  },
});
