#include "transport/http/import_pace.hpp"

#include <gtest/gtest.h>

namespace onhand::http {

namespace {

constexpr MonoNanos ms = 1'000'000;

// A run whose parts take `row_us` a row, beside `rate` other commands a second.
class PacedRun {
  public:
    explicit PacedRun(double row_us, std::uint64_t rate = 0) : row_us_(row_us), rate_(rate) {}

    // Gives `count` parts to the engine, and returns the rows of the last.
    std::size_t parts(int count) {
        std::size_t rows = 0;
        for (int i = 0; i < count; ++i) {
            rows = pace_.rows();
            pace_.begin_part(now_, others_at(now_) + parts_);
            ++parts_;
            took_ = static_cast<MonoNanos>(static_cast<double>(rows) * row_us_ * 1000);
            now_ += took_;
            pace_.end_part(now_, rows);
            now_ += pace_.rest();
        }
        return rows;
    }
    void set_rate(std::uint64_t rate) {
        others_ = others_at(now_);
        since_ = now_;
        rate_ = rate;
    }
    MonoNanos took() const { return took_; }
    const ImportPace& pace() const { return pace_; }

  private:
    std::uint64_t others_at(MonoNanos now) const {
        return others_ + static_cast<std::uint64_t>(now - since_) * rate_ / 1'000'000'000;
    }

    const double row_us_;
    std::uint64_t rate_;
    std::uint64_t others_ = 0;
    MonoNanos since_ = 0;
    MonoNanos now_ = 0;
    MonoNanos took_ = 0;
    std::uint64_t parts_ = 0;
    ImportPace pace_{0, 0};
};

}  // namespace

TEST(ImportPace, grows_up_to_a_bound_and_does_not_rest_while_nobody_else_asks) {
    PacedRun run(10);
    EXPECT_EQ(run.parts(1), import_part_rows);
    EXPECT_EQ(run.parts(1), 2 * import_part_rows);
    EXPECT_EQ(run.parts(5), import_part_rows_most);
    EXPECT_EQ(run.pace().rest(), 0);
}

TEST(ImportPace, takes_shorter_parts_and_longer_rests_the_more_others_ask) {
    PacedRun few(10, 500);
    few.parts(20);
    EXPECT_NEAR(static_cast<double>(few.took()), import_part_seconds * 1e9, 1e6);
    EXPECT_NEAR(static_cast<double>(few.pace().rest()), static_cast<double>(few.took()) * 500 / import_full_rest_rate,
                1e6);

    PacedRun some(10, 3000);
    some.parts(20);
    EXPECT_NEAR(static_cast<double>(some.took()), import_part_delay / (3000.0 * 3000) * 1e9, 1e6);
    EXPECT_NEAR(static_cast<double>(some.pace().rest()), static_cast<double>(some.took()) * 0.3, 1e6);

    PacedRun many(10, 20'000);
    EXPECT_EQ(many.parts(20), import_part_rows_least);
    EXPECT_EQ(many.pace().rest(), many.took());
}

TEST(ImportPace, follows_when_others_come_and_go) {
    PacedRun run(10);
    EXPECT_EQ(run.parts(6), import_part_rows_most);
    run.set_rate(3000);
    run.parts(8);
    EXPECT_LT(run.took(), 12 * ms);
    EXPECT_GT(run.pace().rest(), 0);
    run.set_rate(0);
    EXPECT_EQ(run.parts(12), import_part_rows_most);
    EXPECT_EQ(run.pace().rest(), 0);
}

TEST(ImportPace, rests_no_longer_than_a_part_should_have_taken) {
    PacedRun run(1000, 50'000);
    run.parts(1);
    run.parts(1);
    EXPECT_GT(run.took(), 20 * ms);
    EXPECT_EQ(run.pace().rest(), static_cast<MonoNanos>(import_part_seconds * 1e9));
}

}  // namespace onhand::http
