//! Reading a batch the host hands over.

use core::marker::PhantomData;

use crate::abi;

/// A batch of events, read-only; borrowed for the call it was given to.
pub struct Batch<'a> {
    block: *const abi::Batch,
    header: abi::Batch,
    memory: PhantomData<&'a abi::Batch>,
}

impl<'a> Batch<'a> {
    /// # Safety
    /// `block` points to a batch laid out as `caisson.h` says, whose segments' memory is readable, and both stay so and
    /// unchanged for `'a`.
    pub(crate) unsafe fn from_raw(block: *const abi::Batch) -> Self {
        Batch { block, header: unsafe { block.read() }, memory: PhantomData }
    }

    /// Number the host gave the batch.
    pub fn id(&self) -> u64 {
        self.header.batch_id
    }

    /// Events in the batch.
    pub fn len(&self) -> usize {
        self.header.count.min(self.header.capacity) as usize
    }

    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The record of an event; `None` past the end.
    #[inline]
    pub fn record(&self, index: usize) -> Option<abi::Record> {
        if index >= self.len() {
            return None;
        }
        let offset = self.header.record_offset as usize + index * self.header.record_stride as usize;
        // SAFETY: the index is inside the batch, whose layout from_raw's caller vouched for; a record has 64 bytes at
        // least, and only those are read.
        Some(unsafe { (self.block as *const u8).add(offset).cast::<abi::Record>().read_unaligned() })
    }

    /// All records, in order.
    pub fn records(&self) -> Records<'_, 'a> {
        Records { batch: self, next: 0 }
    }

    /// A segment; `None` past the end of the table.
    #[inline]
    pub fn segment(&self, index: u16) -> Option<abi::Segment> {
        if index >= self.header.segment_count.min(self.header.segment_capacity) {
            return None;
        }
        let offset = self.header.segment_offset as usize
            + index as usize * core::mem::size_of::<abi::Segment>();
        // SAFETY: as for record.
        Some(unsafe { (self.block as *const u8).add(offset).cast::<abi::Segment>().read_unaligned() })
    }

    /// Number of segments.
    pub fn segment_count(&self) -> u16 {
        self.header.segment_count
    }

    /// The payload of a record of this batch; `None` when it does not lie inside the segment it names.
    #[inline]
    pub fn payload(&self, record: &abi::Record) -> Option<&'a [u8]> {
        self.bytes(record.payload_segment, record.payload_offset, record.payload_length)
    }

    /// The key of a record of this batch.
    pub fn key(&self, record: &abi::Record) -> Option<&'a [u8]> {
        self.bytes(record.key_segment, record.key_offset, record.key_length)
    }

    #[inline]
    fn bytes(&self, segment: u16, offset: u32, length: u32) -> Option<&'a [u8]> {
        if length == 0 {
            return Some(&[]);
        }
        let segment = self.segment(segment)?;
        if offset as u64 + length as u64 > segment.length as u64 || segment.base == 0 {
            return None;
        }
        // SAFETY: inside a segment whose memory from_raw's caller vouched for.
        Some(unsafe {
            core::slice::from_raw_parts((segment.base as usize + offset as usize) as *const u8, length as usize)
        })
    }
}

/// Iterator over the records of a batch.
pub struct Records<'b, 'a> {
    batch: &'b Batch<'a>,
    next: usize,
}

impl Iterator for Records<'_, '_> {
    type Item = abi::Record;

    #[inline]
    fn next(&mut self) -> Option<abi::Record> {
        let record = self.batch.record(self.next)?;
        self.next += 1;
        Some(record)
    }
}
