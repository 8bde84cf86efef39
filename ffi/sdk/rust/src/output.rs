//! Filling a batch the host hands over.

use core::marker::PhantomData;
use core::mem::size_of;

use crate::abi;
use crate::batch::Batch;
use crate::failure::{Class, Failure};

/// An empty batch to fill: what a source polls into, and what a processor puts out.
///
/// Payloads go into the host's arena ([`Output::write`]), stay where the input has them ([`Output::share_segments`]), or
/// lie in memory the component owns ([`Output::lend`]). No record is written past the host's stride.
pub struct Output<'a> {
    block: *mut abi::Batch,
    header: abi::Batch,
    limit: u32,
    shared: bool,
    memory: PhantomData<&'a mut abi::Batch>,
}

impl<'a> Output<'a> {
    /// # Safety
    /// `block` points to a batch laid out as `caisson.h` says, that nobody else touches for `'a`; segment 0 is memory
    /// this side may write.
    pub(crate) unsafe fn from_raw(block: *mut abi::Batch, limit: u32) -> Self {
        let header = unsafe { block.read() };
        Output { block, header, limit: limit.min(header.capacity), shared: false, memory: PhantomData }
    }

    /// Events it still takes.
    pub fn room(&self) -> usize {
        self.limit.saturating_sub(self.header.count) as usize
    }

    /// Events in it so far.
    pub fn len(&self) -> usize {
        self.header.count as usize
    }

    /// Whether nothing has been put in.
    pub fn is_empty(&self) -> bool {
        self.header.count == 0
    }

    /// Free bytes of the host's arena.
    pub fn arena_free(&self) -> usize {
        if self.shared {
            return 0;
        }
        self.segment(0).capacity.saturating_sub(self.header.arena_used) as usize
    }

    /// Takes over the segment table of `batch`, so that its records mean the same here; no payload is copied, and the
    /// arena is out of use from then on.
    pub fn share_segments(&mut self, batch: &Batch<'_>) -> Result<(), Failure> {
        if batch.segment_count() > self.header.segment_capacity {
            return Err(Failure::new(
                abi::E_ARGUMENT,
                Class::Permanent,
                format!("out holds {} segments; needed: {}", self.header.segment_capacity, batch.segment_count()),
            ));
        }
        if self.header.count > 0 {
            return Err(Failure::new(abi::E_STATE, Class::Fatal, "segments are shared before the first event"));
        }
        for index in 0..batch.segment_count() {
            if let Some(segment) = batch.segment(index) {
                self.set_segment(index, segment);
            }
        }
        self.header.segment_count = batch.segment_count();
        self.shared = true;
        Ok(())
    }

    /// Adds memory that this component owns and returns its segment number; the host gives it back through
    /// [`crate::Source::release`], and until then it must neither move nor change.
    ///
    /// # Safety
    /// The memory stays valid and unchanged until it is released.
    pub unsafe fn lend(&mut self, memory: *const u8, length: u32, owner: u32) -> Result<u16, Failure> {
        let index = self.header.segment_count;
        if index >= self.header.segment_capacity {
            return Err(Failure::new(abi::E_ARGUMENT, Class::Permanent, "no room for another segment"));
        }
        self.set_segment(
            index,
            abi::Segment {
                base: memory as usize as u64,
                shared_offset: abi::NO_SHARED_OFFSET,
                length,
                capacity: length,
                flags: abi::SEGMENT_LENT,
                owner,
            },
        );
        self.header.segment_count = index + 1;
        Ok(index)
    }

    /// Appends a record as it is.
    #[inline]
    pub fn push_record(&mut self, record: &abi::Record) -> Result<(), Failure> {
        if self.header.count >= self.limit {
            return Err(self.full());
        }
        let stride = self.header.record_stride as usize;
        let offset = self.header.record_offset as usize + self.header.count as usize * stride;
        // SAFETY: the index is below the capacity, and a stride is 64 bytes at least: that much is written of the record,
        // and zeros up to the host's stride, where a newer host keeps fields this crate does not know.
        unsafe {
            let place = (self.block as *mut u8).add(offset);
            place.cast::<abi::Record>().write_unaligned(*record);
            if stride > size_of::<abi::Record>() {
                place.add(size_of::<abi::Record>()).write_bytes(0, stride - size_of::<abi::Record>());
            }
        }
        self.header.count += 1;
        Ok(())
    }

    /// Copies a payload into the arena and appends `record` with it; every other field is kept, key and meta are cleared,
    /// since they name segments of another batch.
    #[inline]
    pub fn write(&mut self, record: &abi::Record, payload: &[u8]) -> Result<(), Failure> {
        self.write_in(record, payload, 0)
    }

    /// As [`Output::write`], but takes `room` bytes of the arena when the payload needs fewer.
    #[inline]
    pub fn write_in(&mut self, record: &abi::Record, payload: &[u8], room: u32) -> Result<(), Failure> {
        if payload.len().max(room as usize) > self.arena_free() {
            return Err(Failure::space(
                payload.len().max(room as usize).min(u32::MAX as usize) as u32,
                format!("an event of {} bytes; free: {}", payload.len(), self.arena_free()),
            ));
        }
        let arena = self.segment(0);
        let offset = self.header.arena_used;
        // SAFETY: arena_free says that the payload fits.
        unsafe {
            let place = (arena.base as usize + offset as usize) as *mut u8;
            core::ptr::copy_nonoverlapping(payload.as_ptr(), place, payload.len());
        }
        self.push_record(&abi::Record {
            payload_segment: 0,
            payload_offset: offset,
            payload_length: payload.len() as u32,
            key_segment: 0,
            key_offset: 0,
            key_length: 0,
            meta_segment: 0,
            meta_offset: 0,
            meta_length: 0,
            ..*record
        })?;
        // Payloads start on multiples of 8.
        let end = (offset as u64 + payload.len().max(room as usize) as u64 + 7) & !7;
        self.header.arena_used = end.min(arena.capacity as u64) as u32;
        Ok(())
    }

    /// Appends an event of one payload, for sources.
    pub fn push(&mut self, timestamp_ns: u64, sequence: u64, payload: &[u8]) -> Result<(), Failure> {
        self.write(&abi::Record { timestamp_ns, sequence, ..EMPTY }, payload)
    }

    /// Makes what was put in visible to the host. A call that failed is not committed: the host sees an empty batch.
    pub(crate) fn commit(mut self) {
        if !self.shared {
            let arena = self.segment(0);
            self.set_segment(0, abi::Segment { length: self.header.arena_used, ..arena });
        }
        // SAFETY: as in from_raw. Field by field: the rest of the header is the host's.
        unsafe {
            (*self.block).count = self.header.count;
            (*self.block).segment_count = self.header.segment_count;
            (*self.block).arena_used = self.header.arena_used;
        }
    }

    fn full(&self) -> Failure {
        Failure::new(abi::E_ARGUMENT, Class::Permanent, format!("out holds {} events; no room for more", self.limit))
    }

    fn segment_place(&self, index: u16) -> *mut abi::Segment {
        let offset =
            self.header.segment_offset as usize + index as usize * size_of::<abi::Segment>();
        // SAFETY: callers stay below segment_capacity.
        unsafe { (self.block as *mut u8).add(offset).cast() }
    }

    #[inline]
    fn segment(&self, index: u16) -> abi::Segment {
        // SAFETY: see segment_place.
        unsafe { self.segment_place(index).read_unaligned() }
    }

    fn set_segment(&mut self, index: u16, segment: abi::Segment) {
        // SAFETY: see segment_place.
        unsafe { self.segment_place(index).write_unaligned(segment) }
    }
}

const EMPTY: abi::Record = abi::Record {
    timestamp_ns: 0,
    sequence: 0,
    payload_offset: 0,
    payload_length: 0,
    key_offset: 0,
    key_length: 0,
    meta_offset: 0,
    meta_length: 0,
    payload_segment: 0,
    key_segment: 0,
    meta_segment: 0,
    kind: 0,
    schema_id: 0,
    flags: 0,
    partition: 0,
    reserved: 0,
};
