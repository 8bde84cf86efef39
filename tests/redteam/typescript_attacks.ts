/** Attacks written in TypeScript, against `worker` and `guard`. @module */
import type { TypeScriptAttack } from "./attack.ts";

const files: readonly TypeScriptAttack[] = [
  {
    id: "file-static-text",
    title: "static text import of a file outside (1)",
    evidence: "secret",
    header: `import text from "SECRET" with { type: "text" };`,
    code: `return text;`,
  },
  {
    id: "file-static-json",
    title: "static JSON import of a file outside (2)",
    evidence: "secret",
    header: `import text from "SECRET" with { type: "json" };`,
    code: `return text;`,
  },
  {
    id: "file-literal-import",
    title: "literal dynamic import of a file outside (4)",
    evidence: "secret",
    code: `return (await import("SECRET", { with: { type: "text" } })).default;`,
  },
  {
    id: "file-computed-import",
    title: "computed import of a file outside (5)",
    evidence: "secret",
    code: `return (await import("file://" + target.secretFile, { with: { type: "text" } })).default;`,
  },
  {
    id: "file-data-module",
    title: "a data: module that imports a file outside (7)",
    evidence: "secret",
    code: `const inner = 'export { default } from "file://' + target.secretFile + '" with { type: "text" };';
return (await import("data:text/javascript," + encodeURIComponent(inner))).default;`,
  },
  {
    id: "file-blob-module",
    title: "a blob: module that imports a file outside (7)",
    evidence: "secret",
    code: `const inner = 'export { default } from "file://' + target.secretFile + '" with { type: "text" };';
return (await import(URL.createObjectURL(new Blob([inner], { type: "text/javascript" })))).default;`,
  },
  {
    id: "file-read",
    title: "Deno.readTextFile of a file outside (15)",
    evidence: "secret",
    code: `return await Deno.readTextFile(target.secretFile);`,
  },
  {
    id: "file-node-fs",
    title: "node:fs of a file outside (15)",
    evidence: "secret",
    code: `return (await import(builtin("fs"))).readFileSync(target.secretFile, "utf8");`,
  },
  {
    id: "file-builtin-module",
    title: "process.getBuiltinModule and node:fs/promises (15)",
    evidence: "secret",
    code: `const process = (await import(builtin("process"))).default;
return await process.getBuiltinModule("node:fs/promises").readFile(target.secretFile, "utf8");`,
  },
  {
    id: "file-require",
    title: "require of a file outside, by an import that can be read (15)",
    evidence: "secret",
    code: `return (await import("node:module")).createRequire(import.meta.url)(target.secretFile);`,
  },
  {
    id: "file-require-hidden",
    title: "require of a file outside (15)",
    evidence: "secret",
    code: `return (await import(builtin("module"))).createRequire(import.meta.url)(target.secretFile);`,
  },
  {
    id: "file-fetch",
    title: "fetch of a file: URL (15)",
    evidence: "secret",
    code: `return await (await fetch("file://" + target.secretFile)).text();`,
  },
  {
    id: "file-eval",
    title: "reading through eval and new Function (15)",
    evidence: "secret",
    code: `return new Function("path", "return Deno.readTextFileSync(path)")(target.secretFile);`,
  },
  {
    id: "file-parent",
    title: "a path with .. out of a granted folder (16)",
    evidence: "secret",
    granted: { read: ["FOLDER"] },
    code: `return await Deno.readTextFile(target.folder + "/../" + target.secretFile.split("/").at(-1));`,
  },
  {
    id: "file-encoded-parent",
    title: "%2e%2e out of a granted folder (16)",
    evidence: "secret",
    granted: { read: ["FOLDER"] },
    code: `const name = target.secretFile.split("/").at(-1);
return await Deno.readTextFile(new URL("file://" + target.folder + "/%2e%2e/" + name));`,
  },
  {
    id: "file-own-link",
    title: "a symbolic link it makes in a granted folder (19)",
    evidence: "secret",
    granted: { read: ["FOLDER"], write: ["FOLDER"] },
    code: `const link = target.folder + "/link-" + Math.random();
await Deno.symlink(target.secretFile, link);
return await Deno.readTextFile(link);`,
  },
  {
    id: "file-hard-link",
    title: "a hard link it makes in a granted folder (19)",
    evidence: "secret",
    granted: { read: ["FOLDER"], write: ["FOLDER"] },
    code: `const link = target.folder + "/hard-" + Math.random();
await Deno.link(target.secretFile, link);
return await Deno.readTextFile(link);`,
  },
  {
    id: "file-shipped-link",
    title: "a symbolic link that lies in a granted folder (18)",
    evidence: "secret",
    granted: { read: ["FOLDER"] },
    code: `return await Deno.readTextFile(target.folder + "/planted");`,
    gap: "follow a symbolic link inside a folder it was granted",
  },
  {
    id: "file-environ",
    title: "/proc/self/environ (20)",
    evidence: "environment",
    code: `return await Deno.readTextFile("/proc/self/environ");`,
  },
  {
    id: "file-host-environ",
    title: "/proc/<host>/environ through a granted / (20)",
    evidence: "environment",
    code: `const pid = target.unprotected ? Deno.pid : Deno.ppid;
return await Deno.readTextFile("/proc/" + pid + "/environ");`,
  },
  {
    id: "file-descriptors",
    title: "every open descriptor by number, through node:fs (20)",
    evidence: "secret",
    code: `const fs = await import(builtin("fs"));
if (target.unprotected) return fs.readFileSync(fs.openSync(target.secretFile), "utf8");
let text = "";
for (let number = 3; number < 64; number++) {
  try { text += fs.readFileSync(number, "utf8"); } catch { continue; }
}
return text || (() => { throw new Error("no descriptor can be read") })();`,
    places: ["guard"],
  },
  {
    id: "write-own-folder",
    title: "writing into its own package (21)",
    evidence: "drop",
    code: `await Deno.writeTextFile(target.unprotected ? target.drop : new URL("./dropped.ts", import.meta.url), "x");
return target.drop;`,
  },
  {
    id: "write-guard-modules",
    title: "poisoning the modules every guard starts from, or a translation that is kept",
    evidence: "told",
    code: `const frames = [...(new Error().stack ?? "").matchAll(/file:\\/\\/([^\\s()]*)\\/[^\\/\\s()]*:\\d+:\\d+/g)];
const folders = frames.map((frame) => frame[1]);
const root = folders.at(-1).replace(/\\/guard\\/.*/, "/guard");
const ways = [
  (at) => Deno.writeTextFile(at + "/poison.mjs", "x"),
  (at) => Deno.mkdir(at + "/plugin-poison"),
  (at) => Deno.rename(at, at + ".gone"),
  async (at) => (await import(builtin("fs"))).writeFileSync(at + "/poison.js", "x"),
];
const refused = [];
for (const way of ways) {
  for (const at of new Set([root, ...folders])) {
    try { await way(at); return "wrote into " + at; } catch (error) { refused.push(error); }
  }
}
throw refused[0];`,
    places: ["guard"],
  },
  {
    id: "write-outside",
    title: "writing a file outside",
    evidence: "drop",
    code: `await Deno.writeTextFile(target.drop, "x");`,
  },
  {
    id: "write-rename",
    title: "renaming a file out of a granted folder (19)",
    evidence: "drop",
    granted: { read: ["FOLDER"], write: ["FOLDER"] },
    code: `const from = target.folder + "/moving-" + Math.random();
await Deno.writeTextFile(from, "x");
await Deno.rename(from, target.drop);`,
  },
  {
    id: "write-sqlite",
    title: "a database file through node:sqlite (32)",
    evidence: "drop",
    code: `const { DatabaseSync } = await import(builtin("sqlite"));
new DatabaseSync(target.drop).exec("create table t (x)");`,
  },
  {
    id: "write-vacuum",
    title: "VACUUM INTO a file, from a database in memory (32)",
    evidence: "drop",
    code: `const { DatabaseSync } = await import(builtin("sqlite"));
new DatabaseSync(":memory:").exec("create table t (x); vacuum into '" + target.drop + "'");`,
  },
];

const environment: readonly TypeScriptAttack[] = [
  {
    id: "env-get",
    title: "Deno.env.get (23)",
    evidence: "environment",
    code: `return Deno.env.get(target.variable);`,
  },
  {
    id: "env-object",
    title: "Deno.env.toObject (23)",
    evidence: "environment",
    code: `return JSON.stringify(Deno.env.toObject());`,
  },
  {
    id: "env-process",
    title: "process.env, by an import that can be read (23)",
    evidence: "environment",
    code: `return (await import("node:process")).default.env[target.variable];`,
  },
  {
    id: "env-process-hidden",
    title: "process.env (23)",
    evidence: "environment",
    code: `return (await import(builtin("process"))).default.env[target.variable];`,
  },
  {
    id: "env-share",
    title: "node:worker_threads with SHARE_ENV (23, 37)",
    evidence: "environment",
    code: `const threads = await import(builtin("worker_threads"));
const worker = new threads.Worker("require('node:worker_threads').parentPort.postMessage(process.env[" + JSON.stringify(target.variable) + "])", { eval: true, env: threads.SHARE_ENV });
return await new Promise((resolve, reject) => { worker.on("message", resolve); worker.on("error", reject); worker.on("exit", () => reject(new Error("it ended"))); });`,
  },
];

const network: readonly TypeScriptAttack[] = [
  {
    id: "net-fetch",
    title: "fetch of a loopback server (24)",
    evidence: "connection",
    code: `await fetch("http://127.0.0.1:" + target.port);`,
  },
  ...[["zero", "0.0.0.0"], ["mapped", "[::ffff:127.0.0.1]"], ["decimal", "2130706433"], ["octal", "0177.0.0.1"]].map((
    [name, host],
  ): TypeScriptAttack => ({
    id: `net-${name}`,
    title: `loopback spelled ${host} (25)`,
    evidence: "connection",
    granted: { net: ["ALLOWED"] },
    code: `await fetch("http://${host}:" + target.port);`,
  })),
  {
    id: "net-redirect",
    title: "a granted server that redirects elsewhere (26)",
    evidence: "connection",
    granted: { net: ["ALLOWED"] },
    code: `await fetch("http://127.0.0.1:" + target.allowedPort);`,
  },
  {
    id: "net-connect",
    title: "Deno.connect",
    evidence: "connection",
    code: `const connection = await Deno.connect({ hostname: "127.0.0.1", port: target.port });
await connection.write(new TextEncoder().encode("hello"));`,
  },
  {
    id: "net-unix",
    title: "a Unix socket (28)",
    evidence: "connection",
    code: `await Deno.connect({ transport: "unix", path: target.socketPath });`,
  },
  {
    id: "net-unix-node",
    title: "a Unix socket through node:net (28)",
    evidence: "connection",
    code: `const net = await import(builtin("net"));
await new Promise((resolve, reject) => net.connect(target.socketPath).on("connect", resolve).on("error", reject));`,
  },
  {
    id: "net-node-http",
    title: "node:http (30)",
    evidence: "connection",
    code: `const http = await import(builtin("http"));
await new Promise((resolve, reject) => http.get("http://127.0.0.1:" + target.port, resolve).on("error", reject));`,
  },
  {
    id: "net-node-net",
    title: "node:net with a lookup of its own (28)",
    evidence: "connection",
    granted: { net: ["ALLOWED"] },
    code: `const net = await import(builtin("net"));
const lookup = (_name, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]);
await new Promise((resolve, reject) => net.connect({ host: "allowed.example", port: target.port, lookup }).on("connect", resolve).on("error", reject));`,
  },
  {
    id: "net-websocket",
    title: "WebSocket",
    evidence: "connection",
    code: `const socket = new WebSocket("ws://127.0.0.1:" + target.port);
await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = (event) => reject(new Error(event.message)); });`,
  },
  {
    id: "net-datagram",
    title: "UDP through node:dgram (30)",
    evidence: "connection",
    code: `const socket = (await import(builtin("dgram"))).createSocket("udp4");
await new Promise((resolve, reject) => { socket.on("error", reject); socket.send("x", target.datagramPort, "127.0.0.1", (error) => error ? reject(error) : resolve()); });
socket.close();`,
  },
  {
    id: "net-dns",
    title: "a name server of its own choice (29)",
    evidence: "connection",
    code:
      `await Deno.resolveDns("secret.example", "TXT", { nameServer: { ipAddr: "127.0.0.1", port: target.datagramPort }, signal: AbortSignal.timeout(2000) });`,
  },
  {
    id: "net-import",
    title: "importing code from a server (12)",
    evidence: "connection",
    code: `await import("http://127.0.0.1:" + target.port + "/mod.ts");`,
  },
  {
    id: "net-listen",
    title: "listening (31)",
    evidence: "told",
    code: `using listener = Deno.listen({ port: 0 }); return listener.addr.port;`,
  },
  {
    id: "net-serve",
    title: "Deno.serve (31)",
    evidence: "told",
    code:
      `const server = Deno.serve({ port: 0, onListen() {} }, () => new Response("")); const { port } = server.addr; await server.shutdown(); return port;`,
  },
];

const programs: readonly TypeScriptAttack[] = [
  {
    id: "run-command",
    title: "Deno.Command (35)",
    evidence: "drop",
    code: `await new Deno.Command("/bin/touch", { args: [target.drop] }).output();`,
  },
  {
    id: "run-spawn",
    title: "node:child_process, by an import that can be read (35)",
    evidence: "drop",
    code:
      `const { error } = (await import("node:child_process")).spawnSync("touch", [target.drop]); if (error) throw error;`,
  },
  {
    id: "run-spawn-hidden",
    title: "node:child_process (35)",
    evidence: "drop",
    code:
      `const { error } = (await import(builtin("child_process"))).spawnSync("/bin/touch", [target.drop]); if (error) throw error;`,
  },
  {
    id: "run-fork",
    title: "fork of Deno with -A (35)",
    evidence: "drop",
    code:
      `const { error } = (await import(builtin("child_process"))).spawnSync(Deno.execPath(), ["eval", "Deno.writeTextFileSync(" + JSON.stringify(target.drop) + ", '')"]); if (error) throw error;`,
  },
  {
    id: "native-library",
    title: "loading the C library (32)",
    evidence: "told",
    code: `return Deno.dlopen("libc.so.6", { getpid: { parameters: [], result: "i32" } }).symbols.getpid();`,
  },
  {
    id: "native-extension",
    title: "an extension of node:sqlite (32)",
    evidence: "told",
    code: `const { DatabaseSync } = await import(builtin("sqlite"));
const database = new DatabaseSync(":memory:", { allowExtension: true });
if (target.unprotected) return "allowed";
database.enableLoadExtension(true);
database.loadExtension("/lib/x86_64-linux-gnu/libm.so.6");
return "loaded";`,
  },
  {
    id: "worker-nested",
    title: "a nested Worker with wider permissions (36)",
    evidence: "secret",
    code:
      `const code = "try { postMessage(Deno.readTextFileSync(" + JSON.stringify(target.secretFile) + ")) } catch (error) { postMessage('refused: ' + error.message) }";
const worker = new Worker("data:text/javascript," + encodeURIComponent(code), { type: "module", deno: { permissions: { read: true } } });
return await new Promise((resolve, reject) => { worker.onmessage = ({ data }) => resolve(data); worker.onerror = (event) => { event.preventDefault(); reject(new Error(event.message)); }; });`,
  },
  {
    id: "worker-threads",
    title: "node:worker_threads with -A (37)",
    evidence: "secret",
    code: `const { Worker } = await import(builtin("worker_threads"));
const worker = new Worker("const { parentPort } = require('node:worker_threads'); try { parentPort.postMessage(require('node:fs').readFileSync(" + JSON.stringify(target.secretFile) + ", 'utf8')) } catch (error) { parentPort.postMessage('refused: ' + error.message) }", { eval: true, ...(target.unprotected ? {} : { execArgv: ["-A"] }) });
return await new Promise((resolve, reject) => { worker.on("message", resolve); worker.on("error", reject); worker.on("exit", () => reject(new Error("it ended"))); });`,
  },
  {
    id: "ask-permission",
    title: "asking for more at run time (39)",
    evidence: "secret",
    code: `const { state } = await Deno.permissions.request({ name: "read" });
if (state !== "granted") throw new Error("state " + state);
return await Deno.readTextFile(target.secretFile);`,
  },
  {
    id: "kill-victim",
    title: "ending another process (43)",
    evidence: "victim",
    code: `Deno.kill(target.victim, "SIGKILL");`,
  },
  {
    id: "kill-victim-node",
    title: "ending another process through node:process (43)",
    evidence: "victim",
    code: `(await import(builtin("process"))).kill(target.victim, "SIGKILL");`,
  },
  {
    id: "inspector",
    title: "opening a debugger's port (15)",
    evidence: "told",
    code:
      `const inspector = await import(builtin("inspector")); inspector.open(0, "127.0.0.1"); const url = inspector.url(); inspector.close(); return url ?? (() => { throw new Error("no debugger") })();`,
  },
  {
    id: "storage-kv",
    title: "a database of its own on the disk, Deno.openKv (61)",
    evidence: "told",
    code: `const database = await Deno.openKv(); await database.set(["x"], 1); database.close(); return "kept";`,
  },
  {
    id: "storage-cache",
    title: "CacheStorage on the disk (61)",
    evidence: "told",
    code:
      `const cache = await caches.open("redteam"); await cache.put("http://x.example/", new Response("x")); return "kept";`,
  },
];

const host: readonly TypeScriptAttack[] = [
  {
    id: "host-internals",
    title: "raw operations behind Deno.internal (46)",
    evidence: "told",
    code: `const core = Deno[Deno.internal].core; return Object.keys(core).length;`,
  },
  {
    id: "host-arguments",
    title: "the host's command line (63)",
    evidence: "told",
    code: `const process = (await import(builtin("process"))).default;
const words = [...Deno.args, ...process.argv.slice(2)]; if (words.length === 0) throw new Error("no arguments"); return words.join(" ");`,
  },
  {
    id: "host-stdin",
    title: "reading the host's standard input (60)",
    evidence: "secret",
    code: `const buffer = new Uint8Array(4096); const length = Deno.stdin.readSync(buffer);
return new TextDecoder().decode(buffer.subarray(0, length ?? 0));`,
  },
  {
    id: "host-broadcast",
    title: "a BroadcastChannel to the host and other plugins (62)",
    evidence: "told",
    code: `new BroadcastChannel("redteam").postMessage("x"); return "sent";`,
  },
  {
    id: "host-signals",
    title: "listening for the host's signals (44)",
    evidence: "told",
    code: `Deno.addSignalListener("SIGUSR2", () => {}); return "listening";`,
  },
  {
    id: "host-kill",
    title: "ending its own process, the host's when in a Worker (41)",
    evidence: "host",
    lethal: true,
    code: `const { kill } = await import(builtin("process")); kill(Deno.pid, "SIGKILL");
await new Promise((resolve) => setTimeout(resolve, 1000)); return "sent";`,
  },
  {
    id: "host-heap",
    title: "a heap that overflows (47)",
    evidence: "host",
    lethal: true,
    code: `const held = []; for (;;) held.push(new Array(3e7).fill(1.5));`,
    // In a Worker it takes memory until something of the host gives way, which depends on the machine.
    places: ["guard"],
  },
  {
    id: "host-fatal",
    title: "a fatal error of the engine (48)",
    evidence: "host",
    lethal: true,
    code: `return "a".repeat(2 ** 28).split("").length;`,
    gap: "end the host through a fault of the engine or of an unstable interface",
  },
  {
    id: "host-vsock",
    title: "an unstable interface that exits the process (45)",
    evidence: "host",
    lethal: true,
    code: `await Deno.connect({ transport: "vsock", cid: 2, port: 1 });`,
    gap: "end the host through a fault of the engine or of an unstable interface",
  },
  {
    id: "host-exit",
    title: "Deno.exit (55)",
    evidence: "host",
    lethal: true,
    code: `Deno.exit(3);`,
  },
  {
    id: "host-loop",
    title: "a loop without end (50)",
    evidence: "host",
    lethal: true,
    code: `for (;;);`,
  },
];

/** All of them. */
export const typeScriptAttacks: readonly TypeScriptAttack[] = [
  ...files,
  ...environment,
  ...network,
  ...programs,
  ...host,
];
