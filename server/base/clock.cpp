#include "base/clock.hpp"

#include <array>
#include <chrono>

namespace onhand {

UnixMillis SystemClock::wall_ms() const {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

MonoNanos SystemClock::mono_ns() const {
    using namespace std::chrono;
    return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

namespace {

void put_digits(char* at, int count, unsigned value) {
    for (int place = count - 1; place >= 0; --place) {
        at[place] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
}

// Reads `count` digits from the front of `text` and removes them; -1 when there are none.
int take_digits(std::string_view& text, std::size_t count) {
    if (text.size() < count) return -1;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (text[i] < '0' || text[i] > '9') return -1;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(count);
    return value;
}

bool take(std::string_view& text, char expected) {
    if (text.empty() || text.front() != expected) return false;
    text.remove_prefix(1);
    return true;
}

}  // namespace

void append_rfc3339(std::string& out, UnixMillis time_ms) {
    using namespace std::chrono;
    const sys_time<milliseconds> point{milliseconds{time_ms}};
    const auto day = floor<days>(point);
    const year_month_day date{day};
    const auto ms_of_day = static_cast<unsigned>((point - day).count());
    std::array<char, 24> text{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0', 'T', '0',
                              '0', ':', '0', '0', ':', '0', '0', '.', '0', '0', '0', 'Z'};
    put_digits(&text[0], 4, static_cast<unsigned>(static_cast<int>(date.year())));
    put_digits(&text[5], 2, static_cast<unsigned>(date.month()));
    put_digits(&text[8], 2, static_cast<unsigned>(date.day()));
    put_digits(&text[11], 2, ms_of_day / 3'600'000);
    put_digits(&text[14], 2, ms_of_day / 60'000 % 60);
    put_digits(&text[17], 2, ms_of_day / 1000 % 60);
    put_digits(&text[20], 3, ms_of_day % 1000);
    out.append(text.data(), text.size());
}

std::string format_rfc3339(UnixMillis time_ms) {
    std::string out;
    append_rfc3339(out, time_ms);
    return out;
}

std::optional<UnixMillis> parse_rfc3339(std::string_view text) {
    using namespace std::chrono;
    const int y = take_digits(text, 4);
    if (y < 1970 || !take(text, '-')) return std::nullopt;
    const int mo = take_digits(text, 2);
    if (mo < 1 || !take(text, '-')) return std::nullopt;
    const int d = take_digits(text, 2);
    if (d < 1 || !take(text, 'T')) return std::nullopt;
    const int h = take_digits(text, 2);
    if (h < 0 || h > 23 || !take(text, ':')) return std::nullopt;
    const int mi = take_digits(text, 2);
    if (mi < 0 || mi > 59 || !take(text, ':')) return std::nullopt;
    const int s = take_digits(text, 2);
    if (s < 0 || s > 59) return std::nullopt;
    int ms = 0;
    if (take(text, '.')) {
        std::size_t digits = 0;
        while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
        if (digits == 0 || digits > 9) return std::nullopt;
        for (std::size_t i = 0; i < 3; ++i) ms = ms * 10 + (i < digits ? text[i] - '0' : 0);
        text.remove_prefix(digits);
    }
    if (text != "Z") return std::nullopt;
    const year_month_day date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
    if (!date.ok()) return std::nullopt;
    const auto time = sys_days{date} + hours{h} + minutes{mi} + seconds{s} + milliseconds{ms};
    return duration_cast<milliseconds>(time.time_since_epoch()).count();
}

}  // namespace onhand
