// sanitized_host.cpp - gives the kernel one event at a time, each in memory of exactly its length, and an arena that has
// room for its table and little more: too small for most projections and some texts. Then all of them again as neighbours
// with line feeds between them, which the kernel looks at together; as many have to be dropped as before.
//
//   fuzz CONFIG EVENTS ARENA_BYTES
//
// Built with sanitizers by tests/long/kernel_sanitized_test.ts.
#include <caisson_batch.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

std::vector<uint8_t> read_file(const char *path) {
  std::vector<uint8_t> bytes;
  FILE *const file = std::fopen(path, "rb");
  if (file == nullptr) std::exit(2);
  uint8_t part[4096];
  for (size_t length; (length = std::fread(part, 1, sizeof part, file)) > 0;) bytes.insert(bytes.end(), part, part + length);
  std::fclose(file);
  return bytes;
}

constexpr uint32_t kEvents = 64;

struct Memory {
  alignas(64) uint8_t bytes[64 + 64 * kEvents + 2 * sizeof(caisson_segment)] = {};

  caisson_batch *batch() { return reinterpret_cast<caisson_batch *>(bytes); }

  Memory() {
    caisson_batch *const made = batch();
    made->size = sizeof *made;
    made->record_stride = 64;
    made->capacity = kEvents;
    made->record_offset = 64;
    made->segment_offset = 64 + 64 * kEvents;
    made->segment_capacity = 2;
    made->segment_count = 1;
  }

  void segment(void *data, uint32_t length, uint32_t capacity) {
    caisson_segment *const first = caisson_segments(batch());
    first->base = static_cast<uint64_t>(reinterpret_cast<uintptr_t>(data));
    first->length = length;
    first->capacity = capacity;
  }
};

// How many events the kernel has dropped so far.
bool dropped(caisson_instance *kernel, uint64_t &out) {
  uint8_t metrics[256] = {};
  if (caisson_metrics_1(kernel, metrics, sizeof metrics - 1) < 0) return false;
  const char *const found = std::strstr(reinterpret_cast<const char *>(metrics), "\"dropped\":");
  out = found == nullptr ? 0 : std::strtoull(found + 10, nullptr, 10);
  return found != nullptr;
}

}  // namespace

int main(int count, char **args) {
  if (count < 4) return 2;
  const uint32_t arena_bytes = static_cast<uint32_t>(std::strtoul(args[3], nullptr, 10));
  const std::vector<uint8_t> config = read_file(args[1]);
  const std::vector<uint8_t> events = read_file(args[2]);
  caisson_error error = {};
  caisson_instance *const kernel = caisson_open_1(nullptr, 0, config.data(), static_cast<uint32_t>(config.size()), &error);
  if (kernel == nullptr) return 3;
  for (size_t at = 0; at < events.size();) {
    uint32_t length;
    std::memcpy(&length, events.data() + at, 4);
    std::vector<uint8_t> event(events.begin() + static_cast<long>(at) + 4, events.begin() + static_cast<long>(at) + 4 + length);
    event.shrink_to_fit();
    at += 4 + length;
    uint8_t *const arena = static_cast<uint8_t *>(std::malloc(arena_bytes));
    Memory in, out;
    uint8_t empty = 0;
    in.segment(length == 0 ? &empty : event.data(), length, length);
    in.batch()->count = 1;
    caisson_record_at(in.batch(), 0)->payload_length = length;
    out.segment(arena, 0, arena_bytes);
    if (caisson_process_1(kernel, in.batch(), out.batch(), &error) != CAISSON_OK) return 4;
    std::free(arena);
  }
  uint64_t before = 0, after = 0;
  if (!dropped(kernel, before)) return 5;
  std::vector<uint8_t> arena(1u << 20);
  for (size_t at = 0; at < events.size();) {
    Memory in, out;
    std::vector<uint8_t> lines;
    while (in.batch()->count < kEvents && at < events.size()) {
      uint32_t length;
      std::memcpy(&length, events.data() + at, 4);
      caisson_record *const record = caisson_record_at(in.batch(), in.batch()->count);
      record->payload_offset = static_cast<uint32_t>(lines.size());
      record->payload_length = length;
      lines.insert(lines.end(), events.begin() + static_cast<long>(at) + 4, events.begin() + static_cast<long>(at) + 4 + length);
      lines.push_back('\n');
      in.batch()->count++;
      at += 4 + length;
    }
    lines.shrink_to_fit();
    in.segment(lines.data(), static_cast<uint32_t>(lines.size()), static_cast<uint32_t>(lines.size()));
    out.segment(arena.data(), 0, static_cast<uint32_t>(arena.size()));
    if (caisson_process_1(kernel, in.batch(), out.batch(), &error) != CAISSON_OK) return 7;
  }
  if (!dropped(kernel, after)) return 5;
  if (after != 2 * before) return std::fprintf(stderr, "dropped %d, then %d\n", static_cast<int>(before), static_cast<int>(after - before)), 8;
  uint8_t metrics[256] = {};
  if (caisson_metrics_1(kernel, metrics, sizeof metrics - 1) < 0) return 5;
  std::puts(reinterpret_cast<const char *>(metrics));
  caisson_close_1(kernel);
  return caisson_live_1() == 0 ? 0 : 6;
}
