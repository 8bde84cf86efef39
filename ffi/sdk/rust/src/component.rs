//! What a plugin's components implement.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;

use crate::batch::Batch;
use crate::config::Config;
use crate::failure::Failure;
use crate::output::Output;
use crate::verdicts::{Settled, Verdicts};

/// Set when the host wants calls that wait to return; a clone may go to other threads.
#[derive(Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Whether waiting has to end: return [`crate::abi::E_INTERRUPTED`].
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    pub(crate) fn set(&self, value: bool) {
        self.0.store(value, Ordering::Release);
    }
}

/// What a component is opened with.
pub struct Context {
    /// Number of the instance, never 0: the owner of memory it lends.
    pub instance: u32,
    /// The most events a batch of this host will ever hold; 0 when the host does not say.
    pub max_events: u32,
    /// Looked at by calls that wait.
    pub interrupt: Interrupt,
}

/// What every component does. Calls on one instance never overlap, but may come from different threads.
pub trait Component: Send {
    /// Creates the instance; the configuration is all it may look at.
    fn open(context: &Context, config: &Config) -> Result<Self, Failure>
    where
        Self: Sized;

    /// Connects to the outside and starts threads.
    fn start(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    /// Ends work and joins every thread within `deadline`.
    fn stop(&mut self, deadline: Duration) -> Result<(), Failure> {
        let _ = deadline;
        Ok(())
    }

    /// Numbers about itself: one JSON object.
    fn metrics(&self) -> String {
        "{}".into()
    }
}

/// What a poll found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    /// The batch holds events, maybe none.
    Filled,
    /// Nothing now.
    Again,
    /// Nothing will ever come again; the batch may hold the last events.
    Ended,
}

/// Produces events. Every call ends within 50 microseconds and never waits.
pub trait Source: Component {
    /// Puts at most `out.room()` events into `out`.
    fn poll(&mut self, out: &mut Output<'_>) -> Result<Poll, Failure>;

    /// Verdicts on a batch this source filled, once for each batch.
    fn settle(&mut self, settled: &Settled<'_>) -> Result<(), Failure> {
        let _ = settled;
        Ok(())
    }

    /// The host is done with the memory lent with this batch.
    fn release(&mut self, batch_id: u64) {
        let _ = batch_id;
    }
}

/// Takes events.
pub trait Sink: Component {
    /// Writes all events; those it does not name in `verdicts` are acked. An error fails all of them.
    fn write(&mut self, batch: &Batch<'_>, verdicts: &mut Verdicts<'_>) -> Result<(), Failure>;
}

/// Makes events of events.
pub trait Processor: Component {
    /// Puts output events into `out`. An error fails every event of `batch`.
    fn process(&mut self, batch: &Batch<'_>, out: &mut Output<'_>) -> Result<(), Failure>;
}
