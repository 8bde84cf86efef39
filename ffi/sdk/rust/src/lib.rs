//! Write Caisson plugins in Rust.
//!
//! A plugin is a `cdylib` that names its components with [`plugin!`]. Each component implements [`Component`] and one of
//! [`Source`], [`Sink`] and [`Processor`]; everything `unsafe` stays in this crate. A panic never leaves the library: it
//! becomes [`abi::E_PANIC`] with its message, and the host closes that instance.
//!
//! ```
//! use caisson::{Batch, Component, Config, Context, Failure, Output, Processor};
//!
//! struct Pass;
//!
//! impl Component for Pass {
//!     fn open(_context: &Context, config: &Config) -> Result<Self, Failure> {
//!         config.allow_only(&[])?;
//!         Ok(Pass)
//!     }
//! }
//!
//! impl Processor for Pass {
//!     fn process(&mut self, batch: &Batch<'_>, out: &mut Output<'_>) -> Result<(), Failure> {
//!         out.share_segments(batch)?;
//!         for record in batch.records() {
//!             out.push_record(&record)?;
//!         }
//!         Ok(())
//!     }
//! }
//!
//! caisson::plugin! {
//!     name: "@acme/pass",
//!     version: "0.1.0",
//!     flags: caisson::abi::UNLOADABLE | caisson::abi::SHARED_SAFE,
//!     processors: ["pass" => Pass, flags: caisson::abi::INTERFACE_FAST],
//! }
//! # fn main() {}
//! ```

#![warn(missing_docs)]
#![deny(unsafe_op_in_unsafe_fn)]

pub mod abi;
mod barrier;
mod batch;
mod component;
mod config;
mod descriptor;
#[doc(hidden)]
pub mod exports;
mod failure;
mod output;
mod plugin;
mod verdicts;

pub use batch::{Batch, Records};
pub use component::{Component, Context, Interrupt, Poll, Processor, Sink, Source};
pub use config::Config;
pub use descriptor::{component_entry, describe, DescriptorParts};
pub use failure::{Class, Failure};
pub use output::Output;
pub use verdicts::{Settled, Verdicts};
