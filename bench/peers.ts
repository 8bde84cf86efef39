/**
 * The same work through what others offer: n events of 222 bytes handed to somebody else, who counts their bytes.
 *
 * Peers from npm are installed into a scratch folder for the run and are no dependency of anything. What cannot be
 * installed, built or run is reported with its reason.
 * @module
 */
import { fromFileUrl, join } from "@std/path";
import { cacheFolder } from "../ffi/cache_folder.ts";
import { noPermissions, startWorker } from "../runtime/isolation/start_worker.ts";
import { BATCHES, type BoundaryResult, type CostByBatch, EVENT_BYTES } from "./boundary.ts";

/** Nanoseconds an event by batch size, or why a peer was not measured. */
export type PeerResult = ReadonlyMap<string, CostByBatch | string>;

async function postMessage(milliseconds: number): Promise<CostByBatch> {
  const worker = startWorker({
    url: import.meta.resolve("./message_worker.ts"),
    name: "bench",
    plugin: "bench",
    permissions: noPermissions,
    onError: (text) => {
      throw new Error(text);
    },
  });
  const costs = new Map<number, number>();
  let counted = 0;
  for (const size of BATCHES) {
    let batches = 0;
    const started = performance.now();
    // Two requests are open all the time, so the Worker never waits for the host.
    await new Promise<void>((resolve) => {
      const window = 16;
      let open = 2;
      let due = 0;
      const ask = (): void => {
        due += window;
        worker.postMessage({ bytes: size * EVENT_BYTES, count: window });
      };
      worker.onmessage = ({ data }: MessageEvent<Uint8Array>) => {
        for (let at = 0; at < data.byteLength; at += EVENT_BYTES) counted += data[at]!;
        batches++;
        if (--due % window !== 0) return;
        if (performance.now() - started < milliseconds) ask();
        else if (--open === 0) resolve();
      };
      ask();
      ask();
    });
    costs.set(size, (performance.now() - started) * 1e6 / (batches * size));
  }
  worker.terminate();
  if (counted === 0) throw new Error("postMessage: nothing arrived");
  return costs;
}

/** Runs one peer's script in a folder where its packages were installed. */
async function installed(
  folder: string,
  script: string,
  packages: Readonly<Record<string, string>>,
  milliseconds: number,
): Promise<CostByBatch | string> {
  const place = join(folder, script);
  await Deno.mkdir(place);
  await Deno.writeTextFile(
    join(place, "deno.json"),
    JSON.stringify({ imports: packages, nodeModulesDir: "none", lock: false }),
  );
  const source = new URL(`./peers/`, import.meta.url);
  for await (const { name } of Deno.readDir(source)) {
    if (name.startsWith(script)) await Deno.copyFile(fromFileUrl(new URL(name, source)), join(place, name));
  }
  try {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--allow-read", "--allow-env", "--allow-net", "--allow-import"]
        .concat(`${script}.ts`, String(EVENT_BYTES), String(milliseconds), ...BATCHES.map(String)),
      cwd: place,
      stdin: "null",
      signal: AbortSignal.timeout(20_000),
    }).output();
    if (!success) return lastLine(new TextDecoder().decode(stderr));
    return costsOf(stdout);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function lastLine(text: string): string {
  // deno-lint-ignore no-control-regex -- colors of the other program's message
  const lines = text.replaceAll(/\u001b\[[0-9;]*m/g, "").trim().split("\n");
  return lines.find((line) => line.includes("error")) ?? lines.at(-1) ?? "it said nothing";
}

/**
 * A Rust plugin and host that agree on their types through abi_stable. Built into the user's cache once, which takes
 * about half a minute: a quick run only uses what is there.
 */
async function abiStable(milliseconds: number, mayBuild: boolean): Promise<CostByBatch | string> {
  const source = fromFileUrl(new URL("./peers/abi_stable", import.meta.url));
  const target = join(cacheFolder(), "bench", "abi_stable");
  const release = join(target, "release");
  const host = join(release, Deno.build.os === "windows" ? "host.exe" : "host");
  try {
    if (mayBuild) {
      // Not in the source folder: cargo would leave its lock file there.
      const crate = join(target, "crate");
      await Deno.mkdir(join(crate, "src"), { recursive: true });
      for (const file of ["Cargo.toml", "src/lib.rs", "src/main.rs"]) {
        await Deno.copyFile(join(source, file), join(crate, file));
      }
      const { success, stderr } = await new Deno.Command("cargo", {
        args: ["build", "--release", "--quiet", "--target-dir", target],
        cwd: crate,
        stdin: "null",
        signal: AbortSignal.timeout(300_000),
      }).output();
      if (!success) return lastLine(new TextDecoder().decode(stderr));
    } else if (!await Deno.stat(host).then(() => true, () => false)) {
      return "not built yet; a run without --quick builds it";
    }
    const { success, stdout, stderr } = await new Deno.Command(host, {
      args: [release, String(milliseconds), ...BATCHES.map(String)],
      stdin: "null",
    }).output();
    return success ? costsOf(stdout) : lastLine(new TextDecoder().decode(stderr));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function costsOf(stdout: Uint8Array): CostByBatch {
  const costs = JSON.parse(new TextDecoder().decode(stdout)) as Record<string, number>;
  return new Map(Object.entries(costs).map(([size, cost]) => [Number(size), cost]));
}

/** Measures the peers; `loop` is the plain loop in C, measured beside the boundaries. */
export async function measurePeers(
  folder: string,
  loop: BoundaryResult["loop"],
  milliseconds: number,
  mayBuild: boolean,
  say: (text: string) => void,
): Promise<PeerResult> {
  const peers = new Map<string, CostByBatch | string>([
    ["C loop over function pointers", loop.poll],
    ["postMessage, transferred", await postMessage(milliseconds)],
    ["comlink", await installed(folder, "comlink", { comlink: "npm:comlink@4.4.2" }, milliseconds)],
    [
      "Extism, in thread",
      await installed(folder, "extism", { "@extism/extism": "npm:@extism/extism@1.0.3" }, milliseconds),
    ],
    ["abi_stable", await abiStable(milliseconds, mayBuild)],
  ]);
  for (const [name, cost] of peers) {
    say(`${name}: ${typeof cost === "string" ? `not measured: ${cost}` : `${cost.get(1024)?.toFixed(1)} ns/event`}`);
  }
  return peers;
}
