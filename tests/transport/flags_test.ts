import { assertEquals } from "@std/assert";
import { caisson, cliArgs, lineFlags } from "../command/cli.ts";
import { freePort } from "./peer.ts";

/** Tries again until the flow listens. */
async function dial<T>(connect: () => Promise<T>): Promise<T> {
  const until = performance.now() + 15_000;
  while (true) {
    try {
      return await connect();
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function echo(connection: Deno.Conn): Promise<string> {
  await connection.write(new TextEncoder().encode("hi\n"));
  const answer = new Uint8Array(8);
  const length = await connection.read(answer);
  connection.close();
  return new TextDecoder().decode(answer.subarray(0, length ?? 0));
}

Deno.test("servers of every stream transport run under the line that `caisson flags` prints, and no more", async () => {
  const cwd = await Deno.makeTempDir();
  const [tcp, web, ws] = [freePort(), freePort(), freePort()];
  const lines = { codec: "string", preprocessors: ["separate"], postprocessors: ["separate"] };
  const names = ["tcp", "unix", "web", "ws"];
  await Deno.writeTextFile(
    `${cwd}/flow.json`,
    JSON.stringify({
      name: "echoes",
      connectors: {
        tcp: { type: "tcp_server", config: { port: tcp }, ...lines },
        unix: { type: "unix_server", config: { path: "peers.sock" }, ...lines },
        web: { type: "http_server", config: { port: web }, codec: "string" },
        ws: { type: "ws_server", config: { port: ws }, codec: "string" },
      },
      links: names.map((name) => ({ from: name, to: name })),
    }),
  );
  try {
    const line = await caisson(["flags", "flow.json"], { cwd, flags: ["--allow-read=."] });
    assertEquals(line.code, 0, line.stderr);
    const { flags, words } = lineFlags(line.stdout);
    const host = new Deno.Command(Deno.execPath(), {
      args: cliArgs(words, flags),
      cwd,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    try {
      assertEquals(await echo(await dial(() => Deno.connect({ port: tcp }))), "hi\n");
      assertEquals(
        await echo(await dial(() => Deno.connect({ transport: "unix", path: `${cwd}/peers.sock` }))),
        "hi\n",
      );
      const response = await dial(() => fetch(`http://127.0.0.1:${web}`, { method: "POST", body: "hi" }));
      assertEquals(await response.text(), "hi");
      const answer = await dial(() =>
        new Promise<unknown>((resolve, reject) => {
          const peer = new WebSocket(`ws://127.0.0.1:${ws}`);
          let heard: unknown;
          peer.onopen = () => peer.send("hi");
          peer.onmessage = ({ data }) => {
            heard = data;
            peer.close();
          };
          peer.onerror = () => reject(new Error("refused"));
          peer.onclose = () => resolve(heard);
        })
      );
      assertEquals(answer, "hi");
    } finally {
      try {
        host.kill("SIGKILL");
      } catch {
        // It ended by itself, which the test has told already.
      }
      await host.status;
    }
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});
