import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { buildAdapter } from "../../ffi/build_adapter.ts";
import { buildProbe, type Probe } from "./probe_plugin.ts";

const CHILD = fromFileUrl(new URL("scoped_child.ts", import.meta.url));
const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));
const ROOT = fromFileUrl(new URL("../../", import.meta.url));

interface Outcome {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function host(
  probe: Probe,
  flags: readonly string[],
  config: Readonly<Record<string, unknown>> = {},
): Promise<Outcome> {
  const { file, sha256, manifest, cacheFolder } = probe;
  const { code, signal, stdout, stderr } = await new Deno.Command(
    Deno.execPath(),
    {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        "--no-lock",
        `--config=${CONFIG}`,
        ...flags,
        CHILD,
        JSON.stringify({ file, sha256, manifest, cacheFolder }),
        JSON.stringify(config),
      ],
      env: { NO_COLOR: "1" },
      stdin: "null",
    },
  ).output();
  const decoder = new TextDecoder();
  return {
    code,
    signal,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

function files(probe: Probe): string[] {
  return [
    `--allow-read=${ROOT},${probe.folder},${probe.cacheFolder}`,
    `--allow-write=${probe.cacheFolder}`,
  ];
}

Deno.test("FFI for the cache folder alone is enough, without --allow-run once the adapter is built", async () => {
  await using probe = await buildProbe();
  const { cacheFolder } = probe;
  await buildAdapter({ cacheFolder });
  const scoped = `--allow-ffi=${join(cacheFolder, "native")}`;
  const { code, stdout, stderr } = await host(probe, [...files(probe), scoped]);
  assertEquals(stderr, "");
  assertEquals(JSON.parse(stdout), { count: 3, sum: 6, live: 1 });
  assertEquals(code, 0);
});

Deno.test("the adapter is built on demand where a compiler may be run", async () => {
  await using probe = await buildProbe();
  const { code, stderr } = await host(probe, [
    ...files(probe),
    `--allow-ffi=${join(probe.cacheFolder, "native")}`,
    "--allow-run=cc,gcc,clang",
  ]);
  assertEquals([code, stderr], [0, ""]);
});

Deno.test("without a compiler all of --allow-ffi still loads plugins", async () => {
  await using probe = await buildProbe();
  const { code, stdout, stderr } = await host(probe, [
    ...files(probe),
    "--allow-ffi",
  ]);
  assertEquals(stderr, "");
  assertEquals(JSON.parse(stdout), { count: 3, sum: 6, live: 1 });
  assertEquals(code, 0);
});

Deno.test("a cache that is warm needs no --allow-write", async () => {
  await using probe = await buildProbe();
  const { cacheFolder } = probe;
  await buildAdapter({ cacheFolder });
  const scoped = `--allow-ffi=${join(cacheFolder, "native")}`;
  await host(probe, [...files(probe), scoped]);
  const [read] = files(probe);
  const { code, stderr } = await host(probe, [read!, scoped]);
  assertEquals([code, stderr], [0, ""]);
});

Deno.test("names the flag that is missing", async () => {
  await using probe = await buildProbe();
  const { cacheFolder } = probe;
  await buildAdapter({ cacheFolder });
  const noWrite = await host(probe, [
    `--allow-read=${ROOT},${probe.folder},${cacheFolder}`,
    "--allow-ffi",
  ]);
  assertStringIncludes(noWrite.stderr, `--allow-write=${cacheFolder}`);
  const noFfi = await host(probe, files(probe));
  assertStringIncludes(noFfi.stderr, "CAISSON_HOST_PERMISSION");
  assertStringIncludes(noFfi.stderr, `--allow-ffi=${cacheFolder}`);
  const noCompiler = await host(probe, [
    ...files(probe),
    `--allow-ffi=${probe.folder}`,
  ]);
  assertStringIncludes(noCompiler.stderr, `--allow-ffi=${cacheFolder}`);
});

Deno.test("a host that ends with a thread of a plugin running ends cleanly", async () => {
  await using probe = await buildProbe();
  await buildAdapter({ cacheFolder: probe.cacheFolder });
  for (let turn = 0; turn < 3; turn++) {
    const { code, signal, stdout } = await host(
      probe,
      [...files(probe), `--allow-ffi=${join(probe.cacheFolder, "native")}`],
      { thread: true },
    );
    assertEquals([code, signal], [0, null]);
    assert(JSON.parse(stdout).live === 2);
  }
});
