/** Files of a minimal plugin in Rust. @module */
import { readme, type TemplateFiles, type TemplateOptions } from "./example.ts";
import { nativeFiles } from "./native.ts";

/** A plugin that builds with `rustc`, passes `caisson check` and runs at once. */
export function rustFiles(options: TemplateOptions): TemplateFiles {
  const { name, kind } = options;
  const file = { source: sourceFile, processor: processorFile, sink: sinkFile }[kind];
  return {
    "src/lib.rs": file(name),
    "README.md": `${readme(options, true)}
\`build\` compiles it with \`rustc\` alone (1.77 or newer), together with the crate \`caisson\` that came with the runtime. It can use
no other crates.
`,
    ...nativeFiles(options, { language: "rust", sources: ["src/lib.rs"] }),
  };
}

/** The name of the type that is the component: `my_source` becomes `MySourcePlugin`, which is nothing's that is imported. */
function typeName(name: string): string {
  return name.split("_").map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join("") + "Plugin";
}

function plugin(name: string, kinds: string): string {
  return `caisson::plugin! {
    name: "${name}",
    version: "0.1.0",
    flags: abi::UNLOADABLE | abi::SHARED_SAFE,
    ${kinds}: ["${name}" => ${typeName(name)}, flags: abi::INTERFACE_FAST],
}`;
}

function sourceFile(name: string): string {
  const type = typeName(name);
  return `//! Makes numbered events.

use caisson::{abi, Component, Config, Context, Failure, Output, Poll, Source};
use std::time::{SystemTime, UNIX_EPOCH};

${plugin(name, "sources")}

struct ${type} {
    /// Events to make.
    count: u64,
    made: u64,
}

impl Component for ${type} {
    /// The host has checked the configuration against plugin.json.
    fn open(_context: &Context, config: &Config) -> Result<Self, Failure> {
        config.allow_only(&["count"])?;
        Ok(${type} { count: config.integer("count", 0, u64::MAX, 10)?, made: 0 })
    }
}

impl Source for ${type} {
    /// Called again and again; must not wait. \`Poll::Again\` says that there is nothing now.
    fn poll(&mut self, out: &mut Output<'_>) -> Result<Poll, Failure> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
        while self.made < self.count && out.room() > 0 {
            let text = format!("{{\\"n\\":{},\\"from\\":\\"${name}\\"}}", self.made + 1);
            // The rest comes with the next batch.
            if text.len() > out.arena_free() {
                break;
            }
            out.push(now, self.made, text.as_bytes())?;
            self.made += 1;
        }
        Ok(if self.made == self.count { Poll::Ended } else { Poll::Filled })
    }
}
`;
}

function processorFile(name: string): string {
  const type = typeName(name);
  return `//! Hands on events that are not too long.

use caisson::{abi, Batch, Component, Config, Context, Failure, Output, Processor};

${plugin(name, "processors")}

struct ${type} {
    /// Most bytes of an event that goes on.
    max_bytes: u64,
    dropped: u64,
}

impl Component for ${type} {
    /// The host has checked the configuration against plugin.json.
    fn open(_context: &Context, config: &Config) -> Result<Self, Failure> {
        config.allow_only(&["max_bytes"])?;
        Ok(${type} { max_bytes: config.integer("max_bytes", 0, u64::MAX, 1024)?, dropped: 0 })
    }

    /// Shown in the report of the flow.
    fn metrics(&self) -> String {
        format!("{{\\"dropped\\":{}}}", self.dropped)
    }
}

impl Processor for ${type} {
    /// Payloads stay where they are: what is handed on are records that point at them. An event without a record is dropped.
    fn process(&mut self, batch: &Batch<'_>, out: &mut Output<'_>) -> Result<(), Failure> {
        out.share_segments(batch)?;
        for record in batch.records() {
            if u64::from(record.payload_length) > self.max_bytes {
                self.dropped += 1;
            } else {
                out.push_record(&record)?;
            }
        }
        Ok(())
    }
}
`;
}

function sinkFile(name: string): string {
  const type = typeName(name);
  return `//! Counts events and their bytes.

use caisson::{abi, Batch, Component, Config, Context, Failure, Sink, Verdicts};

${plugin(name, "sinks")}

struct ${type} {
    events: u64,
    bytes: u64,
}

impl Component for ${type} {
    fn open(_context: &Context, config: &Config) -> Result<Self, Failure> {
        config.allow_only(&[])?;
        Ok(${type} { events: 0, bytes: 0 })
    }

    /// Shown in the report of the flow.
    fn metrics(&self) -> String {
        format!("{{\\"events\\":{},\\"bytes\\":{}}}", self.events, self.bytes)
    }
}

impl Sink for ${type} {
    /// Every event is acknowledged unless \`verdicts\` names it. Payloads are read where their source put them.
    fn write(&mut self, batch: &Batch<'_>, _verdicts: &mut Verdicts<'_>) -> Result<(), Failure> {
        for record in batch.records() {
            self.bytes += batch.payload(&record).map_or(0, |payload| payload.len() as u64);
        }
        self.events += batch.len() as u64;
        Ok(())
    }
}
`;
}
