#include "storage/postgres/verify.hpp"

#include <gtest/gtest.h>

#include "storage/postgres/postgres_test_support.hpp"
#include "storage/random_trade.hpp"

namespace onhand::storage::postgres {
namespace {

// Each damage is done, found and rolled back in one transaction.
class VerifyTest : public testing::Test {
  protected:
    VerifyTest() {
        RandomTrade trade(driver_, 5);
        trade.set_up();
        for (int i = 0; i < 30; ++i) trade.step(12);
        domain::Changes changes;
        changes.answers.push_back({key_hash(71), key_hash(72), 5, 409, "no"});
        EXPECT_EQ(store_.store().commit(changes).status, CommitStatus::committed);
    }

    // The finding of `name` after `damage`; empty when it holds.
    std::string finding_after(const std::string& damage, const std::string& name) {
        connection_->begin(Isolation::read_committed);
        connection_->execute_script(damage);
        std::string finding = "there is no such check";
        for (const auto& check : verify_open_transaction(*connection_))
            if (check.name == name) finding = check.ok ? "" : check.finding;
        connection_->rollback();
        return finding;
    }

    PostgresUnderTest store_;
    Driver driver_{store_};
    std::unique_ptr<Connection> connection_ = store_.database.connect();
};

TEST_F(VerifyTest, finds_nothing_wrong_in_what_the_store_wrote) {
    const auto checks = store_.storage->verify();
    EXPECT_EQ(checks.size(), 13U);
    for (const auto& check : checks) EXPECT_TRUE(check.ok) << check.name << ": " << check.finding;
}

TEST_F(VerifyTest, counts_batches_that_wait_for_a_number) {
    domain::PlaceOrder command;
    command.lines = {{"P1", "", 1}};
    std::vector<domain::Outcome> outcomes;
    auto changes = driver_.judge({{command, key_hash(99), key_hash(98), driver_.actor}}, outcomes);
    ASSERT_EQ(store_.store().commit(changes).status, CommitStatus::committed);
    for (const auto& check : store_.storage->verify()) EXPECT_TRUE(check.ok) << check.name << ": " << check.finding;
}

TEST_F(VerifyTest, finds_damage_of_every_kind) {
    struct Damage {
        std::string sql;
        const char* check;
    };
    const std::string unchecked = "ALTER TABLE stock_level DROP CONSTRAINT promised_fits; ";
    const std::string an_order = " WHERE id = (SELECT id FROM request_result WHERE id IS NOT NULL LIMIT 1)";
    const std::string unkeyed = "ALTER TABLE movement DROP CONSTRAINT movement_pkey; ";
    const Damage damages[] = {
        {"UPDATE stock_level SET on_hand = on_hand + 1 WHERE product = 1", "fold_of_feed_equals_levels"},
        {"UPDATE stock_level SET on_hand = on_hand + 1 WHERE product = 1", "units_conserved"},
        {"UPDATE stock_level SET version = version + 1 WHERE product = 2", "fold_of_feed_equals_levels"},
        {"DELETE FROM stock_level WHERE product = 2", "fold_of_feed_equals_levels"},
        {"UPDATE stock_level SET allocated = on_hand + 1 WHERE product = 1", "available_never_negative"},
        {"UPDATE stock_level SET allocated = allocated + 1 WHERE product = 1", "allocated_equals_open_lines"},
        // The quantity of the first line.
        {"UPDATE request_result SET lines = set_byte(lines, 4, get_byte(lines, 4) + 1) WHERE status = 0",
         "allocated_equals_open_lines"},
        {"UPDATE request_result SET progress = NULL WHERE progress IS NOT NULL", "allocated_equals_open_lines"},
        {"UPDATE feed_head SET seq = seq + 1", "feed_has_no_gaps"},
        {"UPDATE feed_head SET batch = batch - 1", "feed_has_no_gaps"},
        {"DELETE FROM outbox WHERE number = 9", "feed_has_no_gaps"},
        {"UPDATE outbox SET first_seq = first_seq + 1 WHERE number = 9", "feed_has_no_gaps"},
        {"UPDATE outbox SET n = n + 1 WHERE number = 9", "feed_has_no_gaps"},
        {"UPDATE outbox SET changes = changes || '\\x00' WHERE number = 9", "feed_has_no_gaps"},
        {"UPDATE outbox SET changes = (SELECT changes FROM outbox WHERE number = 11), n = (SELECT n FROM outbox WHERE "
         "number = 11) WHERE number = 12",
         "versions_step_by_one"},
        {"UPDATE movement SET quantity = quantity + 1 WHERE (batch, place) = (SELECT batch, place FROM movement WHERE "
         "kind = 4 LIMIT 1)",
         "ledger_follows_the_feed"},
        {"DELETE FROM movement WHERE kind = 6", "ledger_follows_the_feed"},
        {"CREATE TEMP TABLE one AS SELECT * FROM movement LIMIT 1; UPDATE one SET batch = 1000000; "
         "INSERT INTO movement SELECT * FROM one",
         "ledger_follows_the_feed"},
        {"UPDATE request_result SET status = 2 WHERE id = (SELECT id FROM request_result WHERE status = 0 LIMIT 1)",
         "orders_follow_their_events"},
        {"UPDATE request_result SET version = version + 1" + an_order, "orders_follow_their_events"},
        {"UPDATE request_result SET place = place + 1" + an_order, "orders_follow_their_events"},
        {"UPDATE request_result SET customer = 'another'" + an_order, "orders_follow_their_events"},
        {"UPDATE request_result SET lines = set_byte(lines, 2, get_byte(lines, 2) + 1)" + an_order,
         "orders_follow_their_events"},
        {"UPDATE request_result SET progress = NULL WHERE progress IS NOT NULL", "orders_follow_their_events"},
        {"UPDATE request_result SET later = NULL WHERE later IS NOT NULL", "orders_follow_their_events"},
        {"UPDATE request_result SET later = later || 1::bigint WHERE later IS NOT NULL", "orders_follow_their_events"},
        {"DELETE FROM request_result" + an_order, "orders_follow_their_events"},
        {"UPDATE request_result SET lines = '\\x00'" + an_order, "fold_of_feed_equals_levels"},
        {"UPDATE request_result SET number = 1001 WHERE id IS NOT NULL", "order_numbers_are_unique"},
        {"UPDATE request_result SET fingerprint = '00000000-0000-0000-0000-000000000000'" + an_order,
         "one_result_per_key"},
        {"UPDATE request_result SET key = NULL" + an_order, "one_result_per_key"},
        {"UPDATE request_result SET key = gen_random_uuid()" + an_order, "one_result_per_key"},
        {"UPDATE stock_level SET orders = orders + 1 WHERE product = 1", "orders_are_counted"},
        {"UPDATE feed_head SET orders[1] = orders[1] + 1", "orders_are_counted"},
        {"UPDATE feed_head SET orders = '{}'", "orders_are_counted"},
        {"DELETE FROM product WHERE id = 2", "levels_have_their_names"},
        {"UPDATE stock_level SET location = 77 WHERE product = 2 AND location = 1", "levels_have_their_names"},
    };
    for (const auto& [sql, check] : damages) EXPECT_NE(finding_after(unchecked + unkeyed + sql, check), "") << sql;
    for (const auto& check : store_.storage->verify()) EXPECT_TRUE(check.ok) << check.name << ": " << check.finding;
}

TEST(Verify, says_when_the_database_cannot_be_read) {
    const auto checks = verify_database({.url = "postgresql://127.0.0.1:1/nothing"});
    ASSERT_EQ(checks.size(), 1U);
    EXPECT_FALSE(checks[0].ok);
    TestDatabase empty;
    bool all_hold = true;
    for (const auto& check : verify_database({.url = empty.url()})) all_hold &= check.ok;
    EXPECT_FALSE(all_hold);
}

}  // namespace
}  // namespace onhand::storage::postgres
