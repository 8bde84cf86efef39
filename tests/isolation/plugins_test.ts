import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Component, Plugin } from "@caisson/plugin";
import type { BatchSinkPart, SourcePart } from "../../runtime/connector/contract.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { launchBuiltin } from "../../runtime/isolation/builtin.ts";
import httpPoll from "../../plugins/http_poll/mod.ts";
import metronome from "../../plugins/metronome/mod.ts";
import webhook from "../../plugins/webhook/mod.ts";
import { jsonBatch, launchFixture, pluginFolder, readAll } from "./launch_fixture.ts";

interface Running extends AsyncDisposable {
  readonly source: SourcePart;
  readonly sink: BatchSinkPart;
  readonly lines: readonly string[];
}

const plugins: Readonly<Record<string, Plugin>> = { metronome, "http_poll": httpPoll, webhook };

async function launch(
  isolation: "builtin" | "worker" | "guard",
  name: string,
  kind: "source" | "sink",
  config: Record<string, unknown>,
  net: readonly string[] = [],
): Promise<Running> {
  if (isolation !== "builtin") {
    const folder = pluginFolder(name);
    const permissions = net.length === 0 ? {} : { net };
    return await launchFixture(name, { isolation, folder, kind, config, permissions });
  }
  const lines: string[] = [];
  const { part } = await launchBuiltin({
    plugin: `@caisson/${name}`,
    component: plugins[name]![name] as Component,
    provision: { kind, name, interface: `${kind}@1.0` },
    context: {
      alias: `test/${name}`,
      instance: 1,
      config,
      signal: new AbortController().signal,
      log: (level, message) => lines.push(`${level}: ${message}`),
    },
  });
  const ends = part as unknown as { source: SourcePart; sink: BatchSinkPart };
  return {
    ...ends,
    lines,
    [Symbol.asyncDispose]: async () => await (kind === "source" ? ends.source : ends.sink).close(),
  } as Running;
}

/** A real server on a free port of the loopback address. */
function serve(handler: (request: Request) => Response | Promise<Response>) {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handler);
  const host = `127.0.0.1:${server.addr.port}`;
  return {
    host,
    url: `http://${host}/`,
    [Symbol.asyncDispose]: async () => await server.shutdown(),
  };
}

/** Waits for the `idle` replies that a source manager would wait for. */
async function readAllPatiently(source: SourcePart): Promise<unknown[]> {
  const { poll } = source;
  const patient: SourcePart = {
    ...source,
    produces: source.produces,
    close: () => {},
    async poll(batch, max) {
      const result = await poll.call(source, batch, max);
      if (result.state === "idle") await new Promise((resolve) => setTimeout(resolve, result.retryAfterMs ?? 1));
      return result;
    },
  };
  return (await readAll(patient)).map((text) => JSON.parse(text));
}

for (const isolation of ["builtin", "worker", "guard"] as const) {
  Deno.test(`${isolation}: metronome ticks as often as asked, not faster than its interval, then ends`, async () => {
    await using running = await launch(isolation, "metronome", "source", {
      "interval_ms": 20,
      count: 4,
      payload: { from: "test" },
    });
    const started = performance.now();
    const ticks = await readAllPatiently(running.source) as { id: number; time: string; payload: unknown }[];
    assert(performance.now() - started >= 55);
    assertEquals(ticks.map(({ id }) => id), [0, 1, 2, 3]);
    assertEquals(ticks[0]!.payload, { from: "test" });
    assert(!Number.isNaN(Date.parse(ticks[3]!.time)));
  });

  Deno.test(`${isolation}: http_poll gives bodies, and nothing where the server has nothing new`, async () => {
    const seen: (string | null)[] = [];
    let version = 1;
    await using server = serve((request) => {
      seen.push(request.headers.get("if-none-match"));
      assertEquals(request.headers.get("x-token"), "t");
      if (request.headers.get("if-none-match") === `"${version}"`) {
        version++;
        return new Response(null, { status: 304 });
      }
      return new Response(JSON.stringify({ version }), { headers: { etag: `"${version}"` } });
    });
    await using running = await launch(isolation, "http_poll", "source", {
      url: server.url,
      "interval_ms": 5,
      headers: { "x-token": "t" },
      count: 5,
    }, [server.host]);
    assertEquals(await readAllPatiently(running.source), [{ version: 1 }, { version: 2 }, { version: 3 }]);
    assertEquals(seen, [null, '"1"', '"1"', '"2"', '"2"']);
  });

  Deno.test(`${isolation}: http_poll shows status and body of any answer when asked`, async () => {
    let requests = 0;
    await using server = serve(() =>
      ++requests === 1
        ? Response.json({ error: "no" }, { status: 500 })
        : new Response("plain", { headers: { "content-type": "text/plain" } })
    );
    await using running = await launch(isolation, "http_poll", "source", {
      url: server.url,
      "interval_ms": 1,
      output: "response",
      count: 2,
    }, [server.host]);
    assertEquals(await readAllPatiently(running.source), [
      { status: 500, body: { error: "no" } },
      { status: 200, body: "plain" },
    ]);
  });

  Deno.test(`${isolation}: http_poll goes on after a bad answer, a long body and a slow server, and logs each`, async () => {
    let requests = 0;
    const late = Promise.withResolvers<void>();
    await using server = serve(async () => {
      switch (++requests) {
        case 1:
          return new Response("no", { status: 503 });
        case 2:
          return new Response("x".repeat(5000));
        case 3:
          await late.promise;
          return new Response();
        default:
          return new Response('"good"');
      }
    });
    await using running = await launch(isolation, "http_poll", "source", {
      url: server.url,
      "interval_ms": 1,
      "timeout_ms": 60,
      "max_response_bytes": 1000,
      count: 1,
    }, [server.host]);
    assertEquals(await readAllPatiently(running.source), ["good"]);
    late.resolve();
    assertEquals(running.lines.length, 3);
    assertStringIncludes(running.lines[0]!, "the server answered 503");
    assertStringIncludes(running.lines[1]!, "longer than 1000 bytes");
    assertStringIncludes(running.lines[2]!, "due to timeout");
  });

  Deno.test(`${isolation}: http_poll fails after the failures it may have in a row`, async () => {
    await using server = serve(() => new Response("no", { status: 503 }));
    await using running = await launch(isolation, "http_poll", "source", {
      url: server.url,
      "interval_ms": 1,
      "max_failures": 2,
    }, [server.host]);
    await assertRejects(() => readAllPatiently(running.source), CaissonError, "2 times in a row");
  });

  Deno.test(`${isolation}: webhook sends a batch as lines, as an array, or one by one`, async () => {
    const bodies: string[] = [];
    await using server = serve(async (request) => {
      bodies.push(`${request.method} ${request.headers.get("content-type")} ${await request.text()}`);
      return new Response();
    });
    const batch = jsonBatch({ a: 1 }, { a: 2 });
    for (const format of ["ndjson", "array", "single"]) {
      await using running = await launch(isolation, "webhook", "sink", { url: server.url, format }, [server.host]);
      assertEquals(await running.sink.write(batch), undefined);
    }
    assertEquals(bodies, [
      'POST application/x-ndjson {"a":1}\n{"a":2}\n',
      'POST application/json [{"a":1},{"a":2}]',
      'POST application/json {"a":1}',
      'POST application/json {"a":2}',
    ]);
  });

  Deno.test(`${isolation}: webhook fails the events of an answer that is not 2xx and says when to retry`, async () => {
    await using server = serve(async (request) =>
      (await request.text()).includes("bad")
        ? new Response("", { status: 429, headers: { "retry-after": "7" } })
        : new Response()
    );
    await using single = await launch(isolation, "webhook", "sink", { url: server.url, format: "single" }, [
      server.host,
    ]);
    const result = await single.sink.write(jsonBatch({ a: 1 }, { bad: true }, { a: 3 }));
    assertEquals(result?.verdicts.map(({ index }) => index), [1]);
    assertStringIncludes(String(result?.reason), "429");
    assertStringIncludes(String(result?.reason), "retry after 7");
    await using lines = await launch(isolation, "webhook", "sink", { url: server.url }, [server.host]);
    await assertRejects(async () => await lines.sink.write(jsonBatch({ a: 1 }, { bad: true })), CaissonError, "429");
  });

  Deno.test(`${isolation}: webhook does not follow a redirect`, async () => {
    let requests = 0;
    await using server = serve(() => {
      requests++;
      return new Response(null, { status: 307, headers: { location: "/elsewhere" } });
    });
    await using running = await launch(isolation, "webhook", "sink", { url: server.url }, [server.host]);
    await assertRejects(async () => await running.sink.write(jsonBatch(1)), CaissonError, "307");
    assertEquals(requests, 1);
  });

  Deno.test(`${isolation}: webhook gives a request up when its time is over`, async () => {
    const late = Promise.withResolvers<void>();
    await using server = serve(async () => {
      await late.promise;
      return new Response();
    });
    await using running = await launch(isolation, "webhook", "sink", { url: server.url, "timeout_ms": 40 }, [
      server.host,
    ]);
    await assertRejects(async () => await running.sink.write(jsonBatch(1)), CaissonError, "due to timeout");
    late.resolve();
  });
}

Deno.test("worker: http_poll without its grant is refused, with the line to add", async () => {
  await using running = await launch("worker", "http_poll", "source", { url: "http://127.0.0.1:49999/" });
  const error = await assertRejects(() => readAllPatiently(running.source), CaissonError);
  assertEquals(error.code, "CAISSON_PERMISSION_DENIED");
  assertStringIncludes(error.action, '"net": ["127.0.0.1:49999"]');
});
