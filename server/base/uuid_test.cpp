#include "base/uuid.hpp"

#include <gtest/gtest.h>

namespace onhand {
namespace {

TEST(UuidGenerator, rises_strictly_within_one_millisecond_and_over_a_clock_step_back) {
    UuidGenerator ids(seeded_random());
    Uuid last;
    for (int i = 0; i < 20'000; ++i) {
        const Uuid id = ids.next(i < 10'000 ? 1000 : 500);
        ASSERT_LT(last, id);
        last = id;
    }
}

TEST(UuidGenerator, starts_above_the_floor) {
    UuidGenerator first(seeded_random());
    Uuid last;
    for (int i = 0; i < 5000; ++i) last = first.next(5000);
    UuidGenerator second(seeded_random());
    second.raise_floor(last);
    EXPECT_LT(last, second.next(1));
}

TEST(Uuid, survives_a_round_trip_as_text) {
    UuidGenerator ids(seeded_random());
    const Uuid id = ids.next(1'800'000'000'000);
    EXPECT_EQ(parse_uuid(to_string(id)), id);
    EXPECT_EQ(to_string(id)[14], '7');
}

TEST(Uuid, refuses_what_is_not_a_version_7_id) {
    for (const char* bad : {"", "0", "../1", "0192f0c1-0000-4000-8000-000000000000",
                            "{0192f0c1-0000-7000-8000-00000000000}", "0192f0c1-0000-7000-c000-000000000000",
                            "0192f0c1x0000-7000-8000-000000000000", "0192f0c1-0000-7000-8000-00000000000g"})
        EXPECT_FALSE(parse_uuid(bad)) << bad;
}

}  // namespace
}  // namespace onhand
