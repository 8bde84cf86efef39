//! What the functions that [`crate::plugin!`] exports do. Not for plugin authors.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use crate::abi;
use crate::barrier::guard;
use crate::batch::Batch;
use crate::component::{Context, Interrupt, Poll, Processor, Sink, Source};
use crate::config::Config;
use crate::failure::{Class, Failure};
use crate::output::Output;
use crate::verdicts::{Settled, Verdicts};

/// A component of any kind.
pub enum Part {
    Source(Box<dyn Source>),
    Sink(Box<dyn Sink>),
    Processor(Box<dyn Processor>),
}

macro_rules! with_part {
    ($part:expr, $name:ident => $body:expr) => {
        match $part {
            Part::Source($name) => $body,
            Part::Sink($name) => $body,
            Part::Processor($name) => $body,
        }
    };
}

/// Opens one component.
pub type Open = fn(&Context, &Config) -> Result<Part, Failure>;

/// What the host's `caisson_instance *` points to.
pub struct Instance {
    interrupt: Interrupt,
    poisoned: AtomicBool,
    part: UnsafeCell<Part>,
}

/// Open instances of this library.
static LIVE: AtomicU32 = AtomicU32::new(0);

pub fn live() -> u32 {
    LIVE.load(Ordering::Acquire)
}

/// # Safety
/// `out` has room for `capacity` bytes.
pub unsafe fn describe(descriptor: &'static abi::Descriptor, out: *mut u8, capacity: u32) -> u32 {
    let size = core::mem::size_of::<abi::Descriptor>();
    if !out.is_null() && capacity as usize >= size {
        unsafe { core::ptr::copy_nonoverlapping((descriptor as *const abi::Descriptor).cast(), out, size) };
    }
    size as u32
}

/// # Safety
/// As `caisson_open_1`.
pub unsafe fn open(
    components: &[Open],
    host: *const abi::Host,
    component: u32,
    config: *const u8,
    config_length: u32,
    error: *mut abi::Error,
) -> *mut Instance {
    let opened = guard(|| {
        let host = unsafe { host.read() };
        let text = if config_length == 0 {
            &[]
        } else {
            unsafe { core::slice::from_raw_parts(config, config_length as usize) }
        };
        let open = components.get(component as usize).ok_or_else(|| {
            Failure::new(abi::E_ARGUMENT, Class::Fatal, format!("component {component}; there are {}", components.len()))
        })?;
        let interrupt = Interrupt::default();
        let context =
            Context { instance: host.instance, max_events: host.max_events, interrupt: interrupt.clone() };
        let part = open(&context, &Config::parse(text)?)?;
        Ok(Instance { interrupt, poisoned: AtomicBool::new(false), part: UnsafeCell::new(part) })
    });
    match opened {
        Ok(instance) => {
            LIVE.fetch_add(1, Ordering::AcqRel);
            Box::into_raw(Box::new(instance))
        }
        Err(failure) => {
            unsafe { failure.write(error) };
            core::ptr::null_mut()
        }
    }
}

/// # Safety
/// `instance` came from [`open`] and is not used afterwards.
pub unsafe fn close(instance: *mut Instance) {
    let _ = guard(|| {
        drop(unsafe { Box::from_raw(instance) });
        Ok(())
    });
    LIVE.fetch_sub(1, Ordering::AcqRel);
}

/// Runs a call on an instance behind the barrier; what fails is written to `error`.
///
/// # Safety
/// `instance` came from [`open`]; the host never overlaps calls on one instance, except `interrupt`.
unsafe fn call(
    instance: *mut Instance,
    error: *mut abi::Error,
    work: impl FnOnce(&mut Part) -> Result<i32, Failure>,
) -> i32 {
    let instance = unsafe { &*instance };
    if instance.poisoned.load(Ordering::Acquire) {
        let failure = Failure::new(abi::E_STATE, Class::Fatal, "the instance panicked before; close it");
        return unsafe { failure.write(error) };
    }
    match guard(|| work(unsafe { &mut *instance.part.get() })) {
        Ok(status) => status,
        Err(failure) => {
            if failure.code == abi::E_PANIC {
                instance.poisoned.store(true, Ordering::Release);
            }
            unsafe { failure.write(error) }
        }
    }
}

/// # Safety
/// As `caisson_start_1`.
pub unsafe fn start(instance: *mut Instance, error: *mut abi::Error) -> i32 {
    unsafe {
        (*instance).interrupt.set(false);
        call(instance, error, |part| with_part!(part, it => it.start()).map(|()| abi::OK))
    }
}

/// # Safety
/// As `caisson_stop_1`.
pub unsafe fn stop(instance: *mut Instance, deadline_ms: u32, error: *mut abi::Error) -> i32 {
    // An instance that panicked may be stopped: there is nothing it could still do, and nothing to report.
    if unsafe { (*instance).poisoned.load(Ordering::Acquire) } {
        return abi::OK;
    }
    let deadline = Duration::from_millis(deadline_ms.into());
    unsafe { call(instance, error, |part| with_part!(part, it => it.stop(deadline)).map(|()| abi::OK)) }
}

/// # Safety
/// As `caisson_interrupt_1`; may run beside any other call, so it touches only the flag.
pub unsafe fn interrupt(instance: *mut Instance) {
    unsafe { (*core::ptr::addr_of!((*instance).interrupt)).set(true) };
}

/// # Safety
/// As `caisson_metrics_1`.
pub unsafe fn metrics(instance: *mut Instance, out: *mut u8, capacity: u32) -> i32 {
    let mut text = String::from("{}");
    unsafe {
        call(instance, core::ptr::null_mut(), |part| {
            text = with_part!(part, it => it.metrics());
            Ok(abi::OK)
        })
    };
    let length = text.len() as i32;
    if out.is_null() || text.len() > capacity as usize {
        return -length;
    }
    unsafe { core::ptr::copy_nonoverlapping(text.as_ptr(), out, text.len()) };
    length
}

/// # Safety
/// As `caisson_source_poll_1`.
pub unsafe fn source_poll(
    instance: *mut Instance,
    batch: *mut abi::Batch,
    max_events: u32,
    error: *mut abi::Error,
) -> i32 {
    unsafe {
        call(instance, error, |part| {
            let Part::Source(source) = part else { return Err(wrong_kind("source")) };
            let mut out = Output::from_raw(batch, max_events);
            let polled = source.poll(&mut out)?;
            out.commit();
            Ok(match polled {
                Poll::Filled => abi::OK,
                Poll::Again => abi::AGAIN,
                Poll::Ended => abi::EOF,
            })
        })
    }
}

/// # Safety
/// As `caisson_source_settle_1`.
pub unsafe fn source_settle(instance: *mut Instance, settled: *const abi::Batch, error: *mut abi::Error) -> i32 {
    unsafe {
        call(instance, error, |part| {
            let Part::Source(source) = part else { return Err(wrong_kind("source")) };
            source.settle(&Settled::from_raw(settled)).map(|()| abi::OK)
        })
    }
}

/// # Safety
/// As `caisson_release_1`.
pub unsafe fn release(instance: *mut Instance, lent: *const abi::Batch) {
    unsafe {
        call(instance, core::ptr::null_mut(), |part| {
            if let Part::Source(source) = part {
                source.release((*lent).batch_id);
            }
            Ok(abi::OK)
        })
    };
}

/// # Safety
/// As `caisson_sink_write_1`.
pub unsafe fn sink_write(
    instance: *mut Instance,
    batch: *const abi::Batch,
    verdicts: *mut abi::Batch,
    error: *mut abi::Error,
) -> i32 {
    unsafe {
        call(instance, error, |part| {
            let Part::Sink(sink) = part else { return Err(wrong_kind("sink")) };
            let mut judged = Verdicts::from_raw(verdicts, batch);
            sink.write(&Batch::from_raw(batch), &mut judged)?;
            judged.commit();
            Ok(abi::OK)
        })
    }
}

/// # Safety
/// As `caisson_process_1`.
pub unsafe fn process(
    instance: *mut Instance,
    batch: *const abi::Batch,
    out: *mut abi::Batch,
    error: *mut abi::Error,
) -> i32 {
    unsafe {
        call(instance, error, |part| {
            let Part::Processor(processor) = part else { return Err(wrong_kind("processor")) };
            let mut output = Output::from_raw(out, u32::MAX);
            processor.process(&Batch::from_raw(batch), &mut output)?;
            output.commit();
            Ok(abi::OK)
        })
    }
}

fn wrong_kind(wanted: &str) -> Failure {
    Failure::new(abi::E_STATE, Class::Fatal, format!("this component is no {wanted}"))
}
