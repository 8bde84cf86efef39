//! A processor that hands events on by reference, or makes each event into its count.
//!
//! ../../transform.c does the same in C, byte for byte: two languages, one C interface.

mod event;

use caisson::{abi, Batch, Component, Config, Context, Failure, Output, Processor};
use event::Event;
use std::io::Write;

caisson::plugin! {
    name: "@caisson/transform-rust",
    version: "0.1.0",
    flags: abi::UNLOADABLE | abi::SHARED_SAFE,
    processors: ["transform_rust" => Transform, flags: abi::INTERFACE_FAST],
}

/// What stands in for a payload that is no event.
static CACHED: Event<'static> = Event { count: 0, name: b"my data" };

/// Longest text of a count, "-2147483648", and the room it takes so that the next one starts on a multiple of 8.
const COUNT_TEXT: usize = 11;
const COUNT_ROOM: usize = 16;

enum Mode {
    Pass,
    Count,
}

struct Transform {
    mode: Mode,
    /// Received so far.
    events: u64,
    /// Events `transform` was called with.
    received: u64,
    /// Payloads that are no event.
    invalid: u64,
}

impl Transform {
    /// Reports that an event was received, and returns its count.
    fn transform(&mut self, event: Event<'_>) -> i32 {
        self.received += 1;
        event.count
    }

    fn pass(&mut self, batch: &Batch<'_>, out: &mut Output<'_>) -> Result<(), Failure> {
        out.share_segments(batch)?;
        for mut record in batch.records() {
            self.events += 1;
            record.partition = self.events as u32;
            out.push_record(&record)?;
        }
        Ok(())
    }

    fn count(&mut self, batch: &Batch<'_>, out: &mut Output<'_>) -> Result<(), Failure> {
        let needed = batch.len() * COUNT_ROOM;
        if needed > out.arena_free() {
            return Err(Failure::space(
                needed as u32,
                format!("the counts need {needed} bytes of arena; free: {}", out.arena_free()),
            ));
        }
        for mut record in batch.records() {
            let event = batch.payload(&record).and_then(Event::parse).unwrap_or_else(|| {
                self.invalid += 1;
                CACHED
            });
            let mut text = [0; COUNT_TEXT];
            let mut rest = &mut text[..];
            write!(rest, "{}", self.transform(event)).map_err(|error| {
                Failure::new(abi::E_DATA, caisson::Class::Permanent, error.to_string())
            })?;
            let length = COUNT_TEXT - rest.len();
            self.events += 1;
            record.partition = self.events as u32;
            out.write_in(&record, &text[..length], COUNT_ROOM as u32)?;
        }
        Ok(())
    }
}

impl Component for Transform {
    fn open(_context: &Context, config: &Config) -> Result<Self, Failure> {
        config.allow_only(&["mode"])?;
        let mode = match config.choice("mode", &["pass", "count"])? {
            "count" => Mode::Count,
            _ => Mode::Pass,
        };
        Ok(Transform { mode, events: 0, received: 0, invalid: 0 })
    }

    fn metrics(&self) -> String {
        format!(
            "{{\"events\":{},\"received\":{},\"invalid\":{},\"cached\":{{\"count\":{},\"name\":\"{}\"}}}}",
            self.events,
            self.received,
            self.invalid,
            CACHED.count,
            String::from_utf8_lossy(CACHED.name),
        )
    }
}

impl Processor for Transform {
    fn process(&mut self, batch: &Batch<'_>, out: &mut Output<'_>) -> Result<(), Failure> {
        if out.room() < batch.len() {
            return Err(Failure::new(
                abi::E_ARGUMENT,
                caisson::Class::Permanent,
                format!("out holds {} events; needed: {}", out.room(), batch.len()),
            ));
        }
        match self.mode {
            Mode::Pass => self.pass(batch, out),
            Mode::Count => self.count(batch, out),
        }
    }
}
