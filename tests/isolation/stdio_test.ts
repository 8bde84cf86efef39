import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { Batch } from "../../runtime/data/batch.ts";
import { launchFixture } from "./launch_fixture.ts";

const PLUGIN = `
const { readSync, writeSync } = await import("node" + ":fs");
const attempt = (call) => {
  try {
    return String(call());
  } catch {
    return "refused";
  }
};
export default { reach: () => ({
  process: () => [
    attempt(() => readSync(0, new Uint8Array(1), 0, 1, null)),
    attempt(() => writeSync(1, "forged")),
    attempt(() => writeSync(2, "forged")),
  ],
}) };
`;

Deno.test("a plugin in a Worker reaches neither stdin nor stdout of the host by number, and the host keeps them", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.writeTextFile(join(folder, "mod.ts"), PLUGIN);
    await using launched = await launchFixture("reach", { kind: "processor", folder });
    const input = Batch.allocate();
    const output = Batch.allocate();
    input.appendBytes(new TextEncoder().encode("1"), 1);
    await launched.processor.process(input, output);
    const answers = Array.from({ length: output.count }, (_, index) => new TextDecoder().decode(output.payload(index)));
    assertEquals(answers, ['"refused"', '"refused"', '"refused"']);
    assertEquals(Deno.stdout.writeSync(new Uint8Array(0)), 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
