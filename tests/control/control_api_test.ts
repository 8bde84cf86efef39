import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CaissonError, errorsIn, fromAsyncIterable, Runtime, serveControl } from "../../mod.ts";
import { sleep } from "../../runtime/connector/sleep.ts";
import { askHost } from "../../runtime/control/control_client.ts";
import { routes } from "../../runtime/control/routes.ts";

interface Served {
  readonly runtime: Runtime;
  readonly address: string;
  readonly file: string;
  readonly token: string;
}

async function withControl(test: (served: Served) => Promise<void>, unix = false): Promise<void> {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/state/control.json`;
  try {
    await using runtime = new Runtime({ log: { write() {} } });
    runtime.provide({
      type: "ticks",
      kind: "source",
      create: ({ signal }) =>
        fromAsyncIterable((async function* () {
          for (let n = 0; !signal.aborted; n++) {
            yield { n };
            // With the signal: a timer that outlives the flow would outlive the test.
            await sleep(1, signal);
          }
        })()),
    });
    runtime.provide({ type: "nowhere", kind: "sink", create: () => ({ accepts: "values", write() {}, close() {} }) });
    await using control = await serveControl({
      runtime,
      file,
      ...(unix ? { address: `unix:${folder}/control.sock` } : {}),
    });
    const { token } = JSON.parse(await Deno.readTextFile(file));
    await test({ runtime, address: control.address, file, token });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const ticking = {
  name: "ticking",
  connectors: { input: { type: "ticks" }, output: { type: "nowhere" } },
  links: [{ from: "input", to: "output" }],
};

for (const unix of [false, true]) {
  Deno.test(`a flow is deployed, paused, resumed, measured and stopped over ${unix ? "a Unix socket" : "loopback"}`, () =>
    withControl(async ({ runtime, file }) => {
      const ask = (method: "GET" | "POST" | "PATCH" | "DELETE", path: string, body?: unknown) =>
        askHost(file, { method, path, body }) as Promise<Record<string, unknown>>;
      assertEquals((await ask("POST", "/v1/flows", ticking)).state, "running");
      assertEquals(runtime.flows.map(({ name }) => name), ["ticking"]);
      await assertRejects(() => ask("POST", "/v1/flows", ticking), CaissonError, "runs already");
      assertEquals((await ask("PATCH", "/v1/flows/ticking", { state: "paused" })).state, "paused");
      assertEquals((await ask("PATCH", "/v1/flows/ticking", { state: "running" })).state, "running");
      const one = await ask("PATCH", "/v1/flows/ticking/connectors/output", { state: "paused" });
      assertEquals((one.connectors as { state: string; waitsFor: string[] }[])[0]!.waitsFor, ["user"]);
      await ask("PATCH", "/v1/flows/ticking/connectors/output", { state: "running" });
      assertStringIncludes(
        await ask("GET", "/metrics") as unknown as string,
        'caisson_node_running{flow="ticking",node="input",role="source",plugin="builtin"} 1',
      );
      const status = await ask("GET", "/v1/status");
      assertEquals([status.pid, (status.flows as unknown[]).length], [Deno.pid, 1]);
      const report = await ask("DELETE", "/v1/flows/ticking?drainMs=3000");
      assertEquals([report.state, report.in], ["stopped", report.out]);
      assertEquals(runtime.flows, []);
    }, unix));
}

Deno.test("all that is wrong in a flow is answered at once, and the client gives each of its errors", () =>
  withControl(async ({ runtime, file }) => {
    const wrong = {
      ...ticking,
      pipelines: { main: [{ filter: 1 }] },
      links: [{ from: "input", to: "mian" }, { from: "main", to: "uotput" }],
    };
    const error = await assertRejects(
      () => askHost(file, { method: "POST", path: "/v1/flows", body: wrong }),
      CaissonError,
    );
    const found = errorsIn(error);
    assertEquals(found.map(({ subject }) => subject), [
      "ticking: pipelines.main[0].filter",
      "ticking: links[0].to",
      "ticking: links[1].to",
    ]);
    assertEquals([error.code, error.subject], [found[0]!.code, found[0]!.subject]);
    assertEquals(runtime.flows, []);
  }));

Deno.test("the control file is for its user alone, and goes with the server", async () => {
  let left = "";
  await withControl(async ({ file }) => {
    left = file;
    if (Deno.build.os !== "windows") assertEquals((await Deno.stat(file)).mode! & 0o777, 0o600);
  });
  await assertRejects(() => Deno.stat(left), Deno.errors.NotFound);
});

Deno.test("requests without the token, of web pages, and for other hosts are refused before anything is done", () =>
  withControl(async ({ runtime, address, token }) => {
    const authorization = `Bearer ${token}`;
    const { port } = new URL(address);
    const wrong: Record<string, string>[] = [
      {},
      { authorization: "Bearer " },
      { authorization: `Bearer ${token}0` },
      { authorization: `Bearer ${token.slice(1)}` },
      { authorization: `Basic ${token}` },
      { authorization, origin: "https://attacker.example" },
      { authorization, "sec-fetch-site": "cross-site" },
      { authorization, host: `attacker.example:${port}` },
    ];
    for (const headers of wrong) {
      const { status, body } = await rawRequest(Number(port), { host: `127.0.0.1:${port}`, ...headers });
      assertEquals(status, 401, JSON.stringify(headers));
      assertStringIncludes(body, "CAISSON_CONTROL_REFUSED");
    }
    assertEquals(runtime.flows, []);
    const { status } = await rawRequest(Number(port), { host: `127.0.0.1:${port}`, authorization });
    assertEquals(status, 201);
  }));

/** Deploys with exactly these headers; `fetch` would not send some of them. */
async function rawRequest(
  port: number,
  headers: Readonly<Record<string, string>>,
): Promise<{ status: number; body: string }> {
  const body = JSON.stringify(ticking);
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const lines = Object.entries({ ...headers, "content-length": String(body.length), connection: "close" })
    .map(([name, value]) => `${name}: ${value}\r\n`).join("");
  await connection.write(new TextEncoder().encode(`POST /v1/flows HTTP/1.1\r\n${lines}\r\n${body}`));
  const text = await new Response(connection.readable).text();
  return { status: Number(text.split(" ")[1]), body: text };
}

Deno.test("what cannot be answered says what can", () =>
  withControl(async ({ address, token, file }) => {
    const ask = async (method: string, path: string, body?: string) => {
      const response = await fetch(`${address}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}` },
        ...(body === undefined ? {} : { body }),
      });
      return [response.status, (await response.json()).error.code];
    };
    assertEquals(await ask("GET", "/v2/flows"), [404, "CAISSON_CONTROL_UNKNOWN"]);
    assertEquals(await ask("DELETE", "/v1/flows"), [400, "CAISSON_CONTROL_REQUEST"]);
    assertEquals(await ask("GET", "/v1/flows/none"), [404, "CAISSON_CONTROL_UNKNOWN"]);
    assertEquals(await ask("GET", "/v1/flows/%ff"), [404, "CAISSON_CONTROL_UNKNOWN"]);
    assertEquals(await ask("POST", "/v1/flows", "{"), [400, "CAISSON_CONTROL_REQUEST"]);
    assertEquals(await ask("POST", "/v1/flows", "[]"), [400, "CAISSON_CONTROL_REQUEST"]);
    assertEquals(await ask("POST", "/v1/flows", `{"name":"x"}`), [422, "CAISSON_FLOW_INVALID"]);
    assertEquals(await ask("POST", "/v1/flows", `{"x":"${"x".repeat(1 << 20)}"}`), [400, "CAISSON_CONTROL_REQUEST"]);
    const error = await assertRejects(() => askHost(file, { method: "GET", path: "/v1/flows/none" }), CaissonError);
    assertEquals([error.code, error.found], ["CAISSON_CONTROL_UNKNOWN", "no flow none"]);
  }));

Deno.test("the control API is served on loopback or a Unix socket only", async () => {
  await using runtime = new Runtime();
  for (const address of ["0.0.0.0:80", "example.org:80", "99999", "unix:"]) {
    const error = await assertRejects(() => serveControl({ runtime, file: "none.json", address }), CaissonError);
    assertEquals(error.code, "CAISSON_CONTROL_REQUEST");
  }
});

Deno.test("docs/control.md lists every route", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/control.md", import.meta.url));
  const rows = new Map(
    [...page.matchAll(/^\| `(\w+ \/\S*)` +\| (.*?) +\|$/gm)].map((match) => [match[1]!, match[2]!] as const),
  );
  assertEquals([...rows.keys()].sort(), routes.map(({ method, path }) => `${method} ${path}`).sort());
  for (const { method, path, summary } of routes) {
    assert(rows.get(`${method} ${path}`) === summary, `${method} ${path}`);
  }
});

Deno.test("the steps of a pipeline are replaced while the flow runs; what is no pipeline is refused and changes nothing", () =>
  withControl(async ({ runtime, file }) => {
    const values: unknown[] = [];
    runtime.provide({
      type: "kept",
      kind: "sink",
      create: () => ({
        accepts: "values",
        write: (events) => void values.push(...events.map(({ value }) => value)),
        close() {},
      }),
    });
    const steps = (as: string) => [{ project: { [as]: ["field", "n"] } }];
    const flow = await runtime.deploy({
      name: "stepping",
      connectors: { input: { type: "ticks" }, output: { type: "kept" } },
      pipelines: { main: steps("old") as never },
      links: [{ from: "input", to: "main" }, { from: "main", to: "output" }],
    });
    const patch = (path: string, body: unknown) => askHost(file, { method: "PATCH", path, body });
    const path = "/v1/flows/stepping/pipelines/main";
    for (const body of [{}, { steps: 1 }, { steps: [{ nonsense: 1 }] }]) {
      await assertRejects(() => patch(path, body), CaissonError);
    }
    await assertRejects(
      () => patch("/v1/flows/stepping/pipelines/none", { steps: steps("new") }),
      CaissonError,
      "no such",
    );
    const answer = await patch(path, { steps: steps("new") }) as { pipeline: string };
    assertEquals(answer.pipeline, "main");
    const late = performance.now() + 20_000;
    while (!JSON.stringify(values.at(-1) ?? {}).includes('"new"')) {
      assert(performance.now() < late, `${values.length} values, the last ${JSON.stringify(values.at(-1))}`);
      await sleep(5, new AbortController().signal);
    }
    await flow.stop();
    const texts = values.map((value) => JSON.stringify(value));
    const from = texts.findIndex((text) => text.includes('"new"'));
    // Every tick once, in order, whichever steps it went through.
    assertEquals(texts, texts.map((_, n) => JSON.stringify(n < from ? { old: n } : { new: n })));
  }));
