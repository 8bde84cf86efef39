/** Drawings of flows: every construct is there, and what the kernel would do. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { describeFlow } from "../../runtime/flow/describe_flow.ts";
import { parseFlow } from "../../runtime/flow/flow_schema.ts";

const connectors = Object.fromEntries(["in", "out", "late", "bad", "letters"].map((name) => [name, { type: "null" }]));

const everything = {
  name: "all",
  connectors,
  state: { path: "state.db" },
  pipelines: {
    main: {
      nodes: {
        route: [{ filter: ["==", ["field", "a"], 1] }, { branch: { hot: ["field", "hot"] } }],
        sums: [{ select: { window: { session: { gapMs: 10, time: ["field", "t"] } }, target: ["count"] } }],
        limits: [
          { bucket: { class: "all", rate: 10 } },
          { backpressure: { timeoutMs: 100 } },
          { percentile: { timeoutMs: 10 } },
          { roundRobin: { ports: ["x", "y"] } },
        ],
        end: [{ set: { z: 1 } }],
      },
      links: [
        { from: "in", to: "route" },
        { from: "route", to: ["sums", "end"] },
        { from: "route/hot", to: "limits" },
        { from: "sums", to: "end" },
        { from: "sums/late", to: "late" },
        { from: "limits/x", to: "end" },
        { from: "end", to: "out" },
      ],
    },
  },
  links: [
    { from: "in", to: "main" },
    { from: "main", to: "out", buffer: { path: "out.db", retry: { attempts: 3 } }, deadLetter: "letters" },
    { from: "main/late", to: "late" },
    { from: "main/err", to: "bad" },
  ],
};

const text = `flow all
  state in state.db

  in  (source null)
    -> main

  main  (pipeline)
    route:
      filter ["==",["field","a"],1]  [kernel]
      branch {"hot":["field","hot"]}  [fed]
    sums:
      select {"window":{"session":{"gapMs":10,"time":["field","t"]}},"target":["count"]}
    limits:
      bucket {"class":"all","rate":10}
      backpressure {"timeoutMs":100}
      percentile {"timeoutMs":10}
      roundRobin {"ports":["x","y"]}
    end:
      set {"z":1}
    in -> route
    route -> sums, end
    route/hot -> limits
    sums -> end
    sums/late -> late
    limits/x -> end
    end -> out
    limits/err -> err
    -> out  (buffer out.db, 3 attempts)
      failed -> letters
    late -> late
    err -> bad
    nothing takes: limits/overflow, limits/y, sums/overflow

  letters  (dead letters null)

  out  (sink null)

  late  (sink null)

  bad  (sink null)

  [kernel]: where @caisson/json-kernel is granted native isolation, it does this on events that come as JSON.
  [fed]: there it reads what this step needs of them. Elsewhere the host does both, to the same results.
`;

const mermaid = `flowchart LR
  n0(["in<br>source null"])
  subgraph n5["main"]
    n5_0(["in"])
    n5_5(["late"])
    n5_6(["out"])
    n5_1["route<br>filter → branch"]
    n5_2["sums<br>select"]
    n5_3["limits<br>bucket → backpressure → percentile → roundRobin"]
    n5_4["end<br>set"]
    n5_0 --> n5_1
    n5_1 --> n5_2
    n5_1 --> n5_4
    n5_1 -->|hot| n5_3
    n5_2 --> n5_4
    n5_2 -->|late| n5_5
    n5_3 -->|x| n5_4
    n5_4 --> n5_6
  end
  n4(["letters<br>dead letters null"])
  n1(["out<br>sink null"])
  n2(["late<br>sink null"])
  n3(["bad<br>sink null"])
  n0 --> n5_0
  n5_6 -->|buffered| n1
  n5_5 --> n2
  n5 -->|err| n3
  n5 -.->|failed| n4
`;

Deno.test("a drawing has every step, port, link and limit of a flow, and says what nothing takes", () => {
  const drawing = describeFlow(parseFlow(everything, "all.json"));
  assertEquals(drawing.text, text);
  assertEquals(drawing.mermaid, mermaid);
});

Deno.test("a drawing says which steps the kernel would do, and of which pipeline a part is", () => {
  const ending = { select: { groupBy: ["field", "a"], window: { tumbling: { size: 2 } }, target: ["count"] } };
  const main = [
    { filter: ["present", ["field", "a"]] },
    { project: { a: ["field", "a"] } },
    ending,
    { processor: { type: "acme:work" } },
    { filter: ["matches", ["field", "a"], "x"] },
    { filter: ["present", ["field", "a"]] },
  ];
  const { text } = describeFlow(parseFlow({
    name: "parts",
    connectors: { in: connectors["in"], out: connectors["out"] },
    pipelines: { main },
    links: [{ from: "in", to: "main" }, { from: "main", to: "out" }],
  }, "parts.json"));
  assertStringIncludes(
    text,
    `  main-part-1  (part of pipeline main)
    filter ["present",["field","a"]]  [kernel]
    project {"a":["field","a"]}  [kernel]
    select ${JSON.stringify(ending.select)}  [fed]
    -> main-part-2
    nothing takes: overflow

  main-part-2  (processor acme:work of pipeline main)
    -> main-part-3

  main-part-3  (part of pipeline main)
    filter ["matches",["field","a"],"x"]
    filter ["present",["field","a"]]
    -> out
`,
  );
});
