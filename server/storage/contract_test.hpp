#pragma once
// The contract suite of the storage port: what every adapter must do, in terms of the port and the domain alone. An
// adapter's test file includes this once and says
//   INSTANTIATE_TEST_SUITE_P(Name, StorageContract, testing::Values(ContractFactory{"variant", [] { return …; }}),
//                            contract_variant);

#include <set>

#include "storage/contract_driver.hpp"

namespace onhand::storage {

struct ContractFactory {
    std::string name;  // of the variant, letters and digits
    std::function<std::unique_ptr<StoreUnderTest>()> make;
};

inline std::string contract_variant(const testing::TestParamInfo<ContractFactory>& info) {
    return info.param.name;
}

inline std::ostream& operator<<(std::ostream& out, const ContractFactory& factory) {
    return out << factory.name;
}

class StorageContract : public testing::TestWithParam<ContractFactory> {
  protected:
    std::unique_ptr<StoreUnderTest> under_test_ = GetParam().make();
    Driver driver_{*under_test_};
    Store& store() { return under_test_->store(); }
    ReadStore& read() { return under_test_->read_store(); }

    Result<KnownKeys, StoreError> find(std::span<const domain::KeyHash> keys) {
        domain::WorkingSet none;
        auto found = store().load(keys, {}, none);
        store().abandon();
        return found;
    }
    bool load(const domain::RowRequest& request, domain::WorkingSet& set) {
        const auto loaded = store().load({}, request, set);
        store().abandon();
        return loaded.has_value();
    }
    std::optional<KnownKey> find_key(const domain::KeyHash& key) {
        const auto found = find({&key, 1});
        EXPECT_TRUE(found.has_value());
        return found.has_value() && found->size() == 1 ? found->front() : std::nullopt;
    }
    domain::Account make_account(const std::string& email, domain::Role role) {
        domain::CreateAccount command;
        command.account.email = email;
        command.account.name = "Name of " + email;
        command.account.password_hash = "hash";
        command.account.role = role;
        const auto outcome = driver_.run(command);
        const auto* done = std::get_if<domain::AccountDone>(&outcome);
        EXPECT_NE(done, nullptr);
        return done ? done->account : domain::Account{};
    }
    domain::Session open_session(domain::AccountId account, std::uint8_t first_byte) {
        domain::OpenSession command;
        command.session.account = account;
        command.session.token_hash.fill(first_byte);
        command.session.expires_at = driver_.now + 1'000'000'000;
        const auto outcome = driver_.run(command);
        const auto* done = std::get_if<domain::SessionDone>(&outcome);
        EXPECT_NE(done, nullptr);
        return done ? done->session : domain::Session{};
    }
    void place_and_change_orders();
};

TEST_P(StorageContract, a_fresh_store_has_the_main_location_and_nothing_else) {
    EXPECT_EQ(store().head(), 0);
    EXPECT_TRUE(driver_.last_id().is_nil());
    std::vector<domain::Location> locations;
    int others = 0;
    ReadStore::Visitor visitor;
    visitor.location = [&](domain::Location&& location) { locations.push_back(std::move(location)); };
    visitor.product = [&](domain::Product&&) { ++others; };
    visitor.level = [&](const domain::StockLevel&) { ++others; };
    visitor.account = [&](domain::Account&&) { ++others; };
    visitor.session = [&](const domain::Session&) { ++others; };
    const auto moment = read().visit_all(visitor);
    ASSERT_TRUE(moment.has_value());
    EXPECT_EQ(moment->head, 0);
    ASSERT_EQ(locations.size(), 1U);
    EXPECT_EQ(locations[0].id, domain::main_location);
    EXPECT_EQ(locations[0].code, domain::main_location_code);
    EXPECT_EQ(others, 0);
    EXPECT_TRUE(read().ping().has_value());
}

TEST_P(StorageContract, rows_that_do_not_exist_are_put_as_absent) {
    domain::WorkingSet set;
    const Uuid nobody = *parse_uuid("0192f0c1-0000-7000-8000-000000000001");
    domain::RowRequest request;
    request.levels = {{"NONE", "NOWHERE"}, {"NONE", ""}};
    request.products = {"NIL"};
    request.locations = {"AWAY"};
    request.orders = {nobody};
    request.emails = {"who@example.com"};
    request.accounts = {nobody};
    request.account_ids = {domain::AccountId{99}};
    request.sessions = {domain::TokenHash{}};
    ASSERT_TRUE(load(request, set));
    EXPECT_EQ(set.find_product("NONE"), nullptr);
    EXPECT_EQ(set.find_product("NIL"), nullptr);
    EXPECT_EQ(set.find_location("NOWHERE"), nullptr);
    EXPECT_EQ(set.find_location("AWAY"), nullptr);
    EXPECT_NE(set.find_location(""), nullptr);
    EXPECT_EQ(set.find_order(nobody), nullptr);
    EXPECT_EQ(set.find_email("who@example.com"), nullptr);
    EXPECT_EQ(set.find_account(nobody), nullptr);
    EXPECT_FALSE(set.has_account(domain::AccountId{99}));
    EXPECT_EQ(set.find_session(domain::TokenHash{}), nullptr);
}

TEST_P(StorageContract, numbers_are_dense_from_batch_to_batch) {
    driver_.make_product("A", 100);
    driver_.make_product("B", 100);
    driver_.place("A", 3);
    driver_.run(domain::AdjustStock{"A", "", -1, domain::Reason::damaged, "", {}});
    ASSERT_FALSE(driver_.items.empty());
    for (std::size_t i = 0; i < driver_.items.size(); ++i)
        EXPECT_EQ(domain::seq_of(driver_.items[i]), static_cast<domain::FeedSeq>(i + 1));
    EXPECT_EQ(store().head(), static_cast<domain::FeedSeq>(driver_.items.size()));
}

TEST_P(StorageContract, an_empty_batch_commits_and_moves_nothing) {
    domain::Changes changes;
    EXPECT_EQ(store().commit(changes).status, CommitStatus::committed);
    EXPECT_EQ(store().head(), 0);
}

TEST_P(StorageContract, committed_rows_are_found_also_after_reopening) {
    driver_.run(domain::CreateLocation{"SHOP", "The shop"});
    driver_.make_product("A", 100);
    driver_.run(domain::AdjustStock{"A", "SHOP", 5, domain::Reason::found, "behind the shelf", {}});
    const auto order = driver_.place("A", 3);
    const auto account = make_account("a@example.com", domain::Role::manager);
    const auto session = open_session(account.id, 0xab);
    for (const bool reopened : {false, true}) {
        if (reopened) driver_.reopen();
        SCOPED_TRACE(reopened);
        domain::WorkingSet set;
        domain::RowRequest request;
        request.products = {"A"};
        request.levels = {{"A", "SHOP"}, {"A", ""}, {"A", "SHOP"}};
        request.orders = {order.id};
        request.emails = {"a@example.com"};
        request.sessions = {session.token_hash};
        ASSERT_TRUE(load(request, set));
        const auto* product = set.find_product("A");
        ASSERT_NE(product, nullptr);
        EXPECT_EQ(product->name, "Name of A");
        EXPECT_TRUE(set.has_all_levels("A"));
        EXPECT_EQ(set.levels_of(product->id).size(), 2U);
        ASSERT_NE(set.find_location("SHOP"), nullptr);
        EXPECT_EQ(set.find_location("SHOP")->name, "The shop");
        for (const auto& [key, level] : driver_.levels) EXPECT_EQ(*set.find_level(key), level);
        ASSERT_NE(set.find_order(order.id), nullptr);
        EXPECT_EQ(text_of(*set.find_order(order.id)), text_of(order));
        ASSERT_NE(set.find_email("a@example.com"), nullptr);
        EXPECT_EQ(set.find_email("a@example.com")->role, domain::Role::manager);
        ASSERT_NE(set.find_session(session.token_hash), nullptr);
        EXPECT_EQ(set.find_session(session.token_hash)->expires_at, session.expires_at);
    }
}

TEST_P(StorageContract, loading_an_order_brings_what_its_lines_need) {
    driver_.make_product("A", 10);
    const auto order = driver_.place("A", 4);
    domain::WorkingSet set;
    domain::RowRequest request;
    request.orders = {order.id};
    ASSERT_TRUE(load(request, set));
    ASSERT_NE(set.find_product("A"), nullptr);
    ASSERT_NE(set.find_location(domain::main_location_code), nullptr);
    ASSERT_NE(set.find_level(order.lines[0].level), nullptr);
    EXPECT_EQ(set.find_level(order.lines[0].level)->allocated, 4);
}

TEST_P(StorageContract, accounts_are_found_by_email_uuid_and_id) {
    const auto first = make_account("a@example.com", domain::Role::admin);
    const auto second = make_account("b@example.com", domain::Role::clerk);
    domain::WorkingSet set;
    domain::RowRequest request;
    request.emails = {"a@example.com"};
    request.accounts = {second.uuid};
    ASSERT_TRUE(load(request, set));
    EXPECT_EQ(set.find_email("a@example.com")->uuid, first.uuid);
    EXPECT_EQ(set.find_account(second.uuid)->email, "b@example.com");
    domain::WorkingSet other;
    domain::RowRequest by_id;
    by_id.account_ids = {first.id};
    ASSERT_TRUE(load(by_id, other));
    ASSERT_NE(other.find_account(first.id), nullptr);
    EXPECT_EQ(other.find_account(first.id)->email, "a@example.com");
}

TEST_P(StorageContract, sequences_and_counts_go_on_after_reopening) {
    driver_.run(domain::CreateLocation{"SHOP", "The shop"});
    driver_.make_product("A", 100);
    driver_.make_product("B", 0);
    const auto order = driver_.place("A", 1);
    EXPECT_EQ(order.number, domain::first_order_number);
    // The greatest id is then one of the ledger.
    driver_.run(domain::AdjustStock{"A", "", 1, domain::Reason::found, "", {}});
    make_account("a@example.com", domain::Role::admin);
    const auto clerk = make_account("b@example.com", domain::Role::clerk);
    driver_.reopen();
    for (const auto& item : driver_.items) {
        const auto* movement = std::get_if<domain::Movement>(&item);
        EXPECT_TRUE(!movement || driver_.last_id() >= movement->id);
    }
    const auto next = driver_.place("A", 1);
    EXPECT_GT(next.id, order.id);
    EXPECT_GT(next.number, order.number);
    domain::CreateProduct command;
    command.product.sku = command.product.name = "C";
    const auto product = driver_.run(command);
    EXPECT_GT(std::get<domain::ProductDone>(product).product.id, domain::ProductId{2});
    const auto location = driver_.run(domain::CreateLocation{"YARD", "The yard"});
    EXPECT_GT(std::get<domain::LocationDone>(location).location.id, domain::LocationId{2});
    // The first account of all is an admin, and the last admin stays: both are counted.
    const auto third = make_account("c@example.com", domain::Role::clerk);
    EXPECT_GT(third.id, clerk.id);
    const auto admin = read().accounts(std::array{domain::AccountId{1}});
    ASSERT_TRUE(admin.has_value() && admin->size() == 1);
    domain::UpdateAccount demote;
    demote.account = admin->front().uuid;
    demote.role = domain::Role::viewer;
    EXPECT_NE(domain::refusal(driver_.run(demote)), nullptr);
}

TEST_P(StorageContract, a_known_key_gives_the_order_as_it_was_placed) {
    driver_.make_product("A", 10);
    const auto key = key_hash(1);
    const auto placed = driver_.place("A", 4, key);
    driver_.run(domain::FulfilOrder{placed.id, {{"A", "", 1}}});
    driver_.run(domain::CancelOrder{placed.id});
    for (const bool reopened : {false, true}) {
        if (reopened) driver_.reopen();
        const auto known = find_key(key);
        ASSERT_TRUE(known.has_value());
        EXPECT_EQ(known->fingerprint, key);
        ASSERT_TRUE(std::holds_alternative<domain::Order>(known->answer));
        EXPECT_EQ(text_of(std::get<domain::Order>(known->answer)), text_of(placed));
        EXPECT_FALSE(find_key(key_hash(2)).has_value());
        EXPECT_FALSE(find_key(domain::KeyHash{}).has_value());
    }
}

TEST_P(StorageContract, a_known_key_gives_the_stored_answer) {
    domain::Changes changes;
    const std::string body("{\"bytes\":\"\0as sent\"}", 20);
    changes.answers.push_back({key_hash(1), key_hash(11), 5, 409, body});
    changes.answers.push_back({key_hash(2), key_hash(12), 6, 200, ""});
    ASSERT_EQ(store().commit(changes).status, CommitStatus::committed);
    EXPECT_EQ(store().head(), 0);
    for (const bool reopened : {false, true}) {
        if (reopened) driver_.reopen();
        const std::vector<domain::KeyHash> keys = {key_hash(2), key_hash(3), key_hash(1), key_hash(2)};
        const auto found = find(keys);
        ASSERT_TRUE(found.has_value());
        ASSERT_EQ(found->size(), 4U);
        EXPECT_FALSE((*found)[1].has_value());
        const auto& first = std::get<domain::StoredAnswer>((*found)[2]->answer);
        EXPECT_EQ(first.status, 409);
        EXPECT_EQ(first.body, body);
        EXPECT_EQ((*found)[2]->fingerprint, key_hash(11));
        EXPECT_EQ(std::get<domain::StoredAnswer>((*found)[0]->answer).body, "");
        EXPECT_EQ(std::get<domain::StoredAnswer>((*found)[3]->answer).status, 200);
    }
}

TEST_P(StorageContract, ten_thousand_keys_are_all_found_and_others_are_not) {
    constexpr std::uint64_t count = 10'000;
    domain::Changes changes;
    for (std::uint64_t i = 0; i < count; ++i)
        changes.answers.push_back({key_hash(i), key_hash(i), 1, 200, std::to_string(i)});
    ASSERT_EQ(store().commit(changes).status, CommitStatus::committed);
    driver_.reopen();
    std::vector<domain::KeyHash> keys;
    for (std::uint64_t i = 0; i < count * 2; ++i) keys.push_back(key_hash(i));
    const auto found = find(keys);
    ASSERT_TRUE(found.has_value());
    for (std::uint64_t i = 0; i < count * 2; ++i) {
        ASSERT_EQ((*found)[i].has_value(), i < count) << i;
        if (i < count) {
            ASSERT_EQ(std::get<domain::StoredAnswer>((*found)[i]->answer).body, std::to_string(i));
        }
    }
}

TEST_P(StorageContract, sessions_end_one_by_one_and_all_of_an_account) {
    const auto first = make_account("a@example.com", domain::Role::admin);
    const auto second = make_account("b@example.com", domain::Role::clerk);
    open_session(first.id, 1);
    open_session(first.id, 2);
    open_session(first.id, 3);
    open_session(second.id, 4);
    const auto bytes_left = [this] {
        std::set<int> left;
        ReadStore::Visitor visitor;
        visitor.session = [&](const domain::Session& session) { left.insert(session.token_hash[0]); };
        EXPECT_TRUE(read().visit_all(visitor).has_value());
        return left;
    };
    EXPECT_EQ(bytes_left(), (std::set<int>{1, 2, 3, 4}));
    domain::TokenHash hash;
    hash.fill(2);
    driver_.run(domain::EndSession{hash});
    EXPECT_EQ(bytes_left(), (std::set<int>{1, 3, 4}));
    domain::Changes changes;
    changes.sessions_ended_of = {first.id};
    ASSERT_EQ(store().commit(changes).status, CommitStatus::committed);
    EXPECT_EQ(bytes_left(), (std::set<int>{4}));
    driver_.reopen();
    EXPECT_EQ(bytes_left(), (std::set<int>{4}));
}

TEST_P(StorageContract, visit_all_gives_the_last_state_of_every_row) {
    driver_.run(domain::CreateLocation{"SHOP", "The shop"});
    driver_.make_product("B", 10);
    driver_.make_product("A", 20);
    driver_.run(domain::UpdateProduct{.sku = "B", .expected_version = 1, .name = "Better"});
    driver_.place("A", 5);
    make_account("a@example.com", domain::Role::admin);
    std::vector<std::string> names;
    std::map<domain::LevelKey, domain::StockLevel> levels;
    std::vector<std::string> emails;
    std::vector<std::string> codes;
    ReadStore::Visitor visitor;
    visitor.location = [&](domain::Location&& location) { codes.push_back(location.code); };
    visitor.product = [&](domain::Product&& product) { names.push_back(product.name); };
    visitor.level = [&](const domain::StockLevel& level) { levels[level.key] = level; };
    visitor.account = [&](domain::Account&& account) { emails.push_back(account.email); };
    const auto moment = read().visit_all(visitor);
    ASSERT_TRUE(moment.has_value());
    EXPECT_EQ(moment->head, store().head());
    EXPECT_EQ(names, (std::vector<std::string>{"Better", "Name of A"}));
    EXPECT_EQ(levels, driver_.levels);
    EXPECT_EQ(emails, (std::vector<std::string>{"a@example.com"}));
    EXPECT_EQ(std::set<std::string>(codes.begin(), codes.end()), (std::set<std::string>{"MAIN", "SHOP"}));
}

TEST_P(StorageContract, products_come_in_the_order_asked_and_unknown_ones_are_left_out) {
    driver_.make_product("A", 0);
    driver_.make_product("B", 0);
    const std::vector<domain::ProductId> ids = {domain::ProductId{2}, domain::ProductId{77}, domain::ProductId{1}};
    const auto found = read().products(ids);
    ASSERT_TRUE(found.has_value());
    ASSERT_EQ(found->size(), 2U);
    EXPECT_EQ((*found)[0].sku, "B");
    EXPECT_EQ((*found)[1].sku, "A");
}

// Orders in every state, several lines and locations, several events per order, two events of an order in one batch.
inline void StorageContract::place_and_change_orders() {
    driver_.run(domain::CreateLocation{"SHOP", "The shop"});
    driver_.make_product("A", 1000);
    driver_.make_product("B", 1000);
    driver_.run(domain::AdjustStock{"A", "SHOP", 50, domain::Reason::found, "a note", {}});
    domain::PlaceOrder two_lines;
    two_lines.lines = {{"A", "", 2}, {"B", "", 3}, {"A", "SHOP", 4}};
    two_lines.reference = "PO-77";
    two_lines.customer = "Ærø Øl ApS";
    two_lines.note = "ring the bell";
    const auto outcomes = driver_.run({{two_lines, key_hash(5), key_hash(6), domain::AccountId{3}},
                                       {two_lines, key_hash(7), key_hash(8), domain::AccountId{4}}});
    const auto first = std::get<domain::OrderDone>(outcomes[0]).order;
    const auto second = std::get<domain::OrderDone>(outcomes[1]).order;
    driver_.place("B", 1);
    driver_.run({{domain::FulfilOrder{first.id, {{"A", "", 1}}}, {}, {}, domain::AccountId{3}},
                 {domain::CancelOrder{first.id}, {}, {}, domain::AccountId{3}},
                 {domain::FulfilOrder{second.id, {}}, {}, {}, domain::AccountId{4}}});
    driver_.run(domain::UpdateProduct{.sku = "A", .expected_version = 1, .category = "tools"});
    driver_.make_product("C", 0);
    driver_.run(domain::ArchiveProduct{"C", 1});
    driver_.run(domain::UpdateProduct{.sku = "C", .expected_version = 2, .restores = true});
}

TEST_P(StorageContract, the_feed_gives_back_every_item_in_order) {
    place_and_change_orders();
    const auto all = texts_of(driver_.items);
    for (const bool reopened : {false, true}) {
        if (reopened) driver_.reopen();
        for (const std::int64_t limit : {1, 3, 500}) {
            std::vector<std::string> read_back;
            domain::FeedSeq after = 0;
            while (after < store().head()) {
                const auto page = read().feed(after, limit);
                ASSERT_TRUE(page.has_value()) << page.error().detail;
                ASSERT_FALSE(page->items.empty());
                EXPECT_LE(static_cast<std::int64_t>(page->items.size()), limit);
                EXPECT_EQ(page->head, store().head());
                EXPECT_FALSE(page->truncated);
                for (const auto& text : texts_of(page->items)) read_back.push_back(text);
                after = domain::seq_of(page->items.back());
            }
            EXPECT_EQ(read_back, all);
        }
    }
    const auto beyond = read().feed(store().head() + 5, 10);
    ASSERT_TRUE(beyond.has_value());
    EXPECT_TRUE(beyond->items.empty());
    EXPECT_EQ(beyond->head, store().head());
}

TEST_P(StorageContract, the_feed_keeps_key_and_fingerprint_of_placed_orders) {
    driver_.make_product("A", 10);
    driver_.place("A", 1, key_hash(9));
    const auto page = read().feed(store().head() - 1, 1);
    ASSERT_TRUE(page.has_value());
    const auto* event = std::get_if<domain::OrderEvent>(&page->items.at(0));
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(event->key, key_hash(9));
    EXPECT_EQ(event->fingerprint, key_hash(9));
}

TEST_P(StorageContract, an_order_is_read_by_its_id_as_it_is_now) {
    place_and_change_orders();
    std::map<Uuid, domain::Order> last;
    for (const auto& item : driver_.items)
        if (const auto* event = std::get_if<domain::OrderEvent>(&item)) last[event->order.id] = event->order;
    ASSERT_EQ(last.size(), 3U);
    for (const auto& [id, order] : last) {
        const auto found = read().order(id);
        ASSERT_TRUE(found.has_value() && found->has_value());
        EXPECT_EQ(text_of((*found)->order), text_of(order));
    }
    Uuid unknown = last.begin()->first;
    unknown.bytes[15] ^= 1;
    const auto missing = read().order(unknown);
    ASSERT_TRUE(missing.has_value());
    EXPECT_FALSE(missing->has_value());
}

TEST_P(StorageContract, movements_of_an_order_are_all_of_its_events) {
    place_and_change_orders();
    for (const auto& item : driver_.items) {
        const auto* event = std::get_if<domain::OrderEvent>(&item);
        if (!event || event->kind != domain::OrderEvent::Kind::placed) continue;
        domain::MovementFilter filter;
        filter.order = event->order.id;
        for (const bool rising : {false, true}) {
            if (rising) filter.after = 0;
            const auto page = read().movements(filter);
            ASSERT_TRUE(page.has_value());
            EXPECT_EQ(texts_of(page->rows), texts_of(naive_movements(driver_.items, filter).rows));
            EXPECT_FALSE(page->rows.empty());
        }
    }
}

}  // namespace onhand::storage
