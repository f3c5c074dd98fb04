#include "transport/socketio/cluster/iso_date.hpp"

#include <fmt/format.h>

namespace onhand::socketio {
namespace {

constexpr std::int64_t day_seconds = 86'400;
constexpr std::int64_t days_max = 100'000'000;
constexpr std::uint32_t nanoseconds_max = 999'999'999;

struct Date {
    std::int64_t year;
    std::int64_t month;
    std::int64_t day;
};

// The Gregorian calendar in both directions without end, counted in eras of 400 years that begin on the first of
// March of the year 0. std::chrono's years end at 32767, JavaScript's do not.
Date to_date(std::int64_t unix_day) {
    const std::int64_t day = unix_day + 719'468;
    const std::int64_t era = (day >= 0 ? day : day - 146'096) / 146'097;
    const std::int64_t day_of_era = day - era * 146'097;
    const std::int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
    const std::int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
    return Date{year, month, day_of_year - (153 * month_from_march + 2) / 5 + 1};
}

std::string format_year(std::int64_t year) {
    if (year >= 0 && year <= 9999) return fmt::format("{:04}", year);
    return fmt::format("{}{:06}", year < 0 ? '-' : '+', year < 0 ? -year : year);
}

}  // namespace

std::optional<std::string> format_iso_date(std::int64_t unix_seconds, std::uint32_t nanoseconds) {
    const std::int64_t seconds_max = days_max * day_seconds;
    const bool beyond = unix_seconds == seconds_max && nanoseconds >= 1'000'000;
    if (unix_seconds < -seconds_max || unix_seconds > seconds_max || beyond || nanoseconds > nanoseconds_max) {
        return std::nullopt;
    }
    const std::int64_t in_day = ((unix_seconds % day_seconds) + day_seconds) % day_seconds;
    const Date date = to_date((unix_seconds - in_day) / day_seconds);
    return fmt::format("{}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", format_year(date.year), date.month, date.day,
                       in_day / 3600, in_day / 60 % 60, in_day % 60, nanoseconds / 1'000'000);
}

}  // namespace onhand::socketio
