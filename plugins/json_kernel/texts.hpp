// texts.hpp - texts that many events have, each handed to the host once and called by a number from then on.
#ifndef JSON_KERNEL_TEXTS_HPP
#define JSON_KERNEL_TEXTS_HPP

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "bytes.hpp"

namespace kernel {

class Texts {
 public:
  // Numbers below stand for other values, see columns.hpp.
  static constexpr uint32_t kFirst = 4;
  static constexpr uint32_t kNone = 0xffffffffu;
  static constexpr uint32_t kLongest = 128;

  explicit Texts(uint32_t columns);

  // The number of a text, or kNone when it has none. `fits`: whether the host can be handed a new one.
  template <typename Fits>
  uint32_t find(uint32_t column, std::string_view text, Fits fits) {
    if (text.size() > kLongest) return kNone;
    const uint64_t hash = hash_of(text);
    uint32_t slot = static_cast<uint32_t>(hash >> 32) & (kSlots - 1);
    for (; slots_[slot].number != 0; slot = (slot + 1) & (kSlots - 1)) {
      const Slot &known = slots_[slot];
      if (known.hash == static_cast<uint32_t>(hash) && known.length == text.size() &&
          same_bytes(bytes_.get() + known.at, text.data(), text.size())) {
        return known.number;
      }
    }
    // A column of ever new texts must not take the place of the others.
    if (taken_[column] >= most_) {
      strangers_++;
      return kNone;
    }
    if (text.size() > kBytes - used_ || !fits()) return kNone;
    taken_[column]++;
    std::memcpy(bytes_.get() + used_, text.data(), text.size());
    slots_[slot] = {static_cast<uint32_t>(hash), used_, static_cast<uint32_t>(text.size()), next_};
    used_ += static_cast<uint32_t>(text.size());
    return next_++;
  }

  // The number the next new text gets.
  uint32_t next() const { return next_; }

  // Numbers start anew when too many texts had none: what events say changes in the course of a day.
  bool starts_anew();

 private:
  struct Slot {
    uint32_t hash, at, length, number;
  };
  static constexpr uint32_t kMost = 8192;
  static constexpr uint32_t kSlots = 4 * kMost;
  static constexpr uint32_t kBytes = 1u << 18;
  static constexpr uint32_t kMostStrangers = 1u << 15;

  static uint64_t hash_of(std::string_view text) {
    uint64_t hash = 0x9e3779b97f4a7c15u ^ text.size();
    const char *at = text.data();
    size_t left = text.size();
    for (; left >= 8; at += 8, left -= 8) {
      uint64_t word;
      std::memcpy(&word, at, 8);
      hash = mix(hash ^ word);
    }
    uint64_t word = 0;
    for (size_t byte = 0; byte < left; byte++) word |= static_cast<uint64_t>(static_cast<uint8_t>(at[byte])) << (8 * byte);
    return mix(hash ^ word);
  }
  static uint64_t mix(uint64_t value) {
    value *= 0xff51afd7ed558ccdu;
    return (value ^ (value >> 32)) * 0xc4ceb9fe1a85ec53u;
  }

  std::unique_ptr<char[]> bytes_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> taken_;
  uint32_t most_;
  uint32_t used_ = 0;
  uint32_t next_ = kFirst;
  uint32_t strangers_ = 0;
};

}  // namespace kernel

#endif
