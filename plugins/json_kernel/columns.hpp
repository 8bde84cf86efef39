// columns.hpp - what the kernel leaves in the arena of the batch it fills, for the host alone (runtime/pipeline/kernel.ts).
//
//   Table | marks: one for each event not dropped | rows: `columns` values for each of them | projections, texts … texts
//
// A value is a double; one that is no number is a NaN whose lower half says what it is. Texts that got a number in this
// call stand at the end of the arena, the first of them last: its bytes, padded to 4, then its length.
#ifndef JSON_KERNEL_COLUMNS_HPP
#define JSON_KERNEL_COLUMNS_HPP

#include <cstdint>

namespace kernel {

struct Table {
  uint32_t kept;       // events not dropped
  uint32_t punted;     // of these, handed back
  uint32_t anew;       // 1: forget all texts that were handed over before
  uint32_t texts;      // texts handed over
  uint32_t rows;       // where the rows begin
  uint32_t shares;     // 1: the records of the output are the events that were kept, their bytes those of the input
  uint32_t reserved[2];
};
static_assert(sizeof(Table) == 32, "the host reads it");

constexpr uint64_t kKnown = 0x7ff8000100000000u;   // lower half: 0 absent, 1 null, 2 false, 3 true, else a text's number
constexpr uint64_t kLoose = 0x7ff8000200000000u;   // lower half: where in the arena, on a multiple of 4, a length and as many bytes are

// Memory between the rows and the texts that were handed over.
struct Room {
  char *base;
  uint32_t front;
  uint32_t back;
};

}  // namespace kernel

#endif
