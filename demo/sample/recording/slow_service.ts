/**
 * The service behind `/api/` while the sample is recorded: answers after a time
 * that varies, now and then too late for nginx, now and then with an error.
 */
import { setTimeout } from "node:timers/promises";

Deno.serve({ hostname: "127.0.0.1", port: 8087, onListen() {} }, async (request) => {
  const { pathname } = new URL(request.url);
  const chance = Math.random();
  // Many answers are quick, few take long, as in any service that queries something.
  await setTimeout(chance < 0.02 ? 2_500 : 20 + 1_200 * chance ** 6);
  if (chance > 0.985) return new Response("try again", { status: 503 });
  if (!/^\/api\/(?:report|search)/.test(pathname)) return new Response("no such endpoint", { status: 404 });
  return Response.json({ path: pathname, took: chance });
});
