#include "storage/sqlite/derived_source.hpp"

#include "domain/order_search.hpp"
#include "storage/sqlite/key_table.hpp"
#include "storage/sqlite/run_entry.hpp"

namespace onhand::storage::sqlite {

DerivedSource::DerivedSource(const std::string& main_path, LogGate* gate)
    : gate_(gate),
      main_(main_path, Connection::Mode::read),
      head_(main_,
            "SELECT max(coalesce((SELECT max(seq) FROM orders), 0), coalesce((SELECT max(seq) FROM movement), 0), "
            "coalesce((SELECT max(seq) FROM event), 0))"),
      last_answer_(main_, "SELECT coalesce(max(id), 0) FROM answer"),
      movements_(main_, "SELECT seq, product, location FROM movement WHERE seq > ?1 AND seq <= ?2 ORDER BY seq"),
      orders_(main_,
              "SELECT seq, key, placed_by, lines, reference, customer FROM orders WHERE seq > ?1 AND seq <= ?2 "
              "ORDER BY seq"),
      events_(main_,
              "SELECT order_seq, data FROM event WHERE seq > ?1 AND seq <= ?2 AND order_seq IS NOT NULL ORDER BY seq"),
      answers_(main_, "SELECT id, key FROM answer WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3"),
      movement_at_(main_, "SELECT seq, id FROM movement WHERE seq <= ? ORDER BY seq DESC LIMIT 1"),
      answer_at_(main_, "SELECT id, key FROM answer WHERE id <= ? ORDER BY id DESC LIMIT 1") {
    main_.execute("PRAGMA cache_size = -8192; PRAGMA query_only = ON;");
}

DerivedIndex::DatabaseId DerivedSource::database_id() {
    Statement select(main_, "SELECT database_id FROM store");
    auto row = select.open();
    if (!row.next()) throw_corrupt("the database has no id");
    return row.bytes<16>(0);
}

RunPosition DerivedSource::head() {
    const LogGate::Reading reading(gate_);
    auto seq = head_.open();
    auto answer = last_answer_.open();
    return {seq.next() ? seq.integer(0) : 0, answer.next() ? answer.integer(0) : 0};
}

RunAnchor DerivedSource::anchor(const RunPosition& position) {
    RunAnchor anchor;
    const LogGate::Reading reading(gate_);
    auto movement = movement_at_.open(position.seq);
    if (movement.next()) {
        anchor.movement_seq = movement.integer(0);
        anchor.movement_id = movement.bytes<16>(1);
    }
    auto answer = answer_at_.open(position.answer);
    if (answer.next()) {
        anchor.answer = answer.integer(0);
        anchor.answer_key = answer.bytes<16>(1);
    }
    return anchor;
}

void DerivedSource::collect(domain::FeedSeq after, domain::FeedSeq last, DerivedIndex* states, ListAdditions* lists) {
    const LogGate::Reading reading(gate_);
    Transaction transaction(main_, Transaction::Kind::read);
    if (lists) {
        for (auto row = movements_.open(after, last); row.next();) {
            lists->numbers.emplace_back(list_name(Posting::product_movements, row.integer(1)), row.integer(0));
            lists->numbers.emplace_back(list_name(Posting::location_movements, row.integer(2)), row.integer(0));
        }
    }
    for (auto row = orders_.open(after, last); row.next();) {
        if (states) states->add_order({row.integer(0), row.integer(2), domain::OrderStatus::placed});
        if (lists) collect_order(row, *lists);
    }
    if (!states) return;
    for (auto row = events_.open(after, last); row.next();) {
        // The blob begins with the format and the state (blob_codec.hpp).
        ByteReader data(row.blob(1));
        const bool known = data.byte() == blob_format;
        const std::uint8_t status = data.byte();
        if (!known || !data.ok() || status >= order_states) throw_corrupt("an order event cannot be read");
        states->change_state(row.integer(0), static_cast<domain::OrderStatus>(status));
    }
}

void DerivedSource::collect_order(const Cursor& row, ListAdditions& lists) {
    const domain::FeedSeq seq = row.integer(0);
    if (!row.is_null(1)) lists.keys.emplace_back(row.bytes<16>(1), KeyTable::pack({KeyTable::Source::order, seq}));
    lists.numbers.emplace_back(list_name(Posting::account_orders, row.integer(2)), seq);
    if (!decode_lines(row.blob(3), lines_)) throw_corrupt("order lines cannot be read");
    for (const auto& line : lines_)
        lists.numbers.emplace_back(list_name(Posting::product_orders, domain::raw(line.level.product)), seq);
    if (row.is_null(4) && row.is_null(5)) return;
    for (const auto& word : domain::words_of(row.text(4), row.text(5)))
        lists.numbers.emplace_back(word_list_name(slice_of(seq), word), seq);
}

std::int64_t DerivedSource::collect_answers(std::int64_t after, std::int64_t last, std::int64_t limit,
                                            ListAdditions& lists) {
    const LogGate::Reading reading(gate_);
    for (auto row = answers_.open(after, last, limit); row.next();) {
        after = row.integer(0);
        lists.keys.emplace_back(row.bytes<16>(1), KeyTable::pack({KeyTable::Source::answer, after}));
    }
    return after;
}

}  // namespace onhand::storage::sqlite
