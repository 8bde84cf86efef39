import { assert, assertEquals } from "@std/assert";
import { crossCompile } from "../../scripts/cross_compile.ts";

Deno.test("every part in C compiles for Windows, macOS and Linux on ARM", async () => {
  const compiled = await crossCompile();
  assertEquals([...compiled.keys()], ["x86_64-windows-gnu", "x86_64-macos", "aarch64-macos", "aarch64-linux-gnu"]);
  for (const parts of compiled.values()) assert(parts.includes("runner") && parts.includes("blaster"));
});
