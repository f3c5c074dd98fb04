#pragma once
// The processor time that a load program took itself, for its report. Any thread.

#include <sys/resource.h>

namespace onhand::bench {

// User and system time of this process, in seconds.
inline double processor_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace onhand::bench
