/** `tcp_loop.ts LISTEN_PORT CONNECT_PORT`: parse, filter, enrich, write, from TCP to TCP, as a program written by hand does it. */
const [listenPort, connectPort] = Deno.args.map(Number) as [number, number];
const listener = Deno.listen({ hostname: "127.0.0.1", port: listenPort });
Deno.stdout.writeSync(new TextEncoder().encode("ready\n"));
const from = await listener.accept();
const to = await Deno.connect({ hostname: "127.0.0.1", port: connectPort });
to.setNoDelay(true);
const buffer = new Uint8Array(1 << 16);
const decoder = new TextDecoder();
const encoder = new TextEncoder();
let rest = "";
for (let length = await from.read(buffer); length !== null; length = await from.read(buffer)) {
  const text = rest + decoder.decode(buffer.subarray(0, length), { stream: true });
  let out = "";
  let start = 0;
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
    const event = JSON.parse(text.slice(start, end));
    start = end + 1;
    if (event.level === "debug") continue;
    event.env = "prod";
    event["svc_host"] = `${event.service}@${event.host}`;
    out += `${JSON.stringify(event)}\n`;
  }
  rest = text.slice(start);
  const bytes = encoder.encode(out);
  for (let sent = 0; sent < bytes.byteLength;) sent += await to.write(bytes.subarray(sent));
}
to.close();
from.close();
listener.close();
