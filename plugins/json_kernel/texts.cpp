// texts.cpp - see texts.hpp.
#include "texts.hpp"

#include <algorithm>

namespace kernel {

Texts::Texts(uint32_t columns)
    : bytes_(columns == 0 ? nullptr : new char[kBytes]()),
      slots_(columns == 0 ? 0 : kSlots),
      taken_(columns),
      most_(kMost / std::max(1u, columns)) {}

bool Texts::starts_anew() {
  if (strangers_ < kMostStrangers) return false;
  strangers_ = 0;
  used_ = 0;
  next_ = kFirst;
  std::fill(slots_.begin(), slots_.end(), Slot{});
  std::fill(taken_.begin(), taken_.end(), 0);
  return true;
}

}  // namespace kernel
