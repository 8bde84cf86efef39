//! Verdicts on events: given by sinks, read by sources.

use core::marker::PhantomData;
use core::mem::size_of;

use crate::abi;

/// Takes a sink's verdicts; events that are not named are acked.
pub struct Verdicts<'a> {
    block: *mut abi::Batch,
    header: abi::Batch,
    memory: PhantomData<&'a mut abi::Batch>,
}

impl Verdicts<'_> {
    /// # Safety
    /// `block` points to a batch laid out as `caisson.h` says, that nobody else touches meanwhile.
    pub(crate) unsafe fn from_raw(block: *mut abi::Batch, judged: *const abi::Batch) -> Self {
        let mut header = unsafe { block.read() };
        let judged = unsafe { judged.read() };
        header.batch_id = judged.batch_id;
        header.count = judged.count;
        header.verdict_default = abi::ACK;
        header.verdict_count = 0;
        header.flags &= !abi::BATCH_OVERFLOW;
        Verdicts { block, header, memory: PhantomData }
    }

    /// Judges one event. When the list is full, every event not in it counts as to be tried again, as the ABI has it.
    pub fn add(&mut self, verdict: abi::Verdict) {
        if self.header.verdict_count >= self.header.verdict_capacity {
            self.header.flags |= abi::BATCH_OVERFLOW;
            return;
        }
        let offset = self.header.verdict_offset as usize
            + self.header.verdict_count as usize * size_of::<abi::Verdict>();
        // SAFETY: below verdict_capacity.
        unsafe { (self.block as *mut u8).add(offset).cast::<abi::Verdict>().write_unaligned(verdict) };
        self.header.verdict_count += 1;
    }

    pub(crate) fn commit(self) {
        // SAFETY: as in from_raw.
        unsafe {
            (*self.block).batch_id = self.header.batch_id;
            (*self.block).count = self.header.count;
            (*self.block).flags = self.header.flags;
            (*self.block).verdict_default = self.header.verdict_default;
            (*self.block).verdict_count = self.header.verdict_count;
        }
    }
}

/// What became of a batch a source filled.
pub struct Settled<'a> {
    block: *const abi::Batch,
    header: abi::Batch,
    memory: PhantomData<&'a abi::Batch>,
}

impl Settled<'_> {
    /// # Safety
    /// `block` points to a batch laid out as `caisson.h` says.
    pub(crate) unsafe fn from_raw(block: *const abi::Batch) -> Self {
        Settled { block, header: unsafe { block.read() }, memory: PhantomData }
    }

    /// Number of the batch.
    pub fn batch_id(&self) -> u64 {
        self.header.batch_id
    }

    /// Events the batch held.
    pub fn count(&self) -> u32 {
        self.header.count
    }

    /// Action on every event without a verdict of its own.
    pub fn default_action(&self) -> u32 {
        if self.header.flags & abi::BATCH_OVERFLOW != 0 {
            abi::RETRY
        } else {
            self.header.verdict_default
        }
    }

    /// The verdicts that differ from the default.
    pub fn verdicts(&self) -> impl Iterator<Item = abi::Verdict> + '_ {
        (0..self.header.verdict_count.min(self.header.verdict_capacity)).map(|index| {
            let offset = self.header.verdict_offset as usize + index as usize * size_of::<abi::Verdict>();
            // SAFETY: below verdict_capacity.
            unsafe { (self.block as *const u8).add(offset).cast::<abi::Verdict>().read_unaligned() }
        })
    }
}
