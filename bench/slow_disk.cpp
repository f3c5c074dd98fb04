// A library that a program is started with (LD_PRELOAD): each fdatasync() takes SLOW_DISK_MS longer, as on a disk in
// trouble. Used by scenarios/overload.mjs, so that a server has little to do and yet more than it can answer in time.
#include <dlfcn.h>

#include <cstdlib>
#include <ctime>

extern "C" int fdatasync(int descriptor) {
    using Fdatasync = int (*)(int);
    static const auto real = reinterpret_cast<Fdatasync>(dlsym(RTLD_NEXT, "fdatasync"));
    static const long delay_ms = [] {
        const char* const text = std::getenv("SLOW_DISK_MS");
        return text == nullptr ? 0 : std::strtol(text, nullptr, 10);
    }();
    const timespec delay{delay_ms / 1000, delay_ms % 1000 * 1'000'000};
    nanosleep(&delay, nullptr);
    return real(descriptor);
}
