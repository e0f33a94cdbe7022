// What every command of the program exits with.
#pragma once

namespace forbear::cli {

inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;    // something checked or done failed
inline constexpr int kWrongUse = 2;  // the call itself is wrong

}  // namespace forbear::cli
