#include "domain/testing/naive_model.hpp"

namespace onhand::domain::testing {

namespace {

using std::to_string;

constexpr std::int64_t trillion = 1'000'000'000'000;
constexpr std::int64_t million = 1'000'000;

std::string or_main(const std::string& code) {
    return code.empty() ? "MAIN" : code;
}

std::string at_line(const char* what, const char* list, std::size_t index, const char* field) {
    return std::string(what) + " /" + list + "/" + to_string(index) + "/" + field;
}

// Reasons a person may give, by direction; the rest is written by the system.
bool goes_up(Reason reason) {
    static const std::set<Reason> up{Reason::received,           Reason::restock, Reason::return_good,
                                     Reason::return_damaged,     Reason::found,   Reason::inbound_not_recorded,
                                     Reason::return_not_recorded};
    return up.contains(reason);
}
bool goes_both_ways(Reason reason) {
    static const std::set<Reason> both{Reason::cycle_count,      Reason::recounted, Reason::correction,
                                       Reason::data_entry_error, Reason::undo,      Reason::other};
    return both.contains(reason);
}
bool goes_down(Reason reason) {
    static const std::set<Reason> down{Reason::outbound_not_recorded,
                                       Reason::damaged,
                                       Reason::expired,
                                       Reason::scrapped,
                                       Reason::shrinkage,
                                       Reason::stolen,
                                       Reason::missing,
                                       Reason::misplaced,
                                       Reason::could_not_locate,
                                       Reason::consumed,
                                       Reason::promotion,
                                       Reason::sample};
    return down.contains(reason);
}

}  // namespace

bool NaiveModel::on_sale(const std::string& sku) const {
    return items_.contains(sku) && !items_.at(sku).archived;
}

NaiveModel::Placed* NaiveModel::find_order(const Uuid& id) {
    return numbers_.contains(id) ? &orders_.at(numbers_.at(id)) : nullptr;
}

std::string NaiveModel::describe(std::int64_t number, const Placed& order) const {
    std::int64_t open = 0, fulfilled = 0;
    std::string text;
    for (const auto& line : order.lines) {
        open += line.open();
        fulfilled += line.fulfilled;
        text +=
            (text.empty() ? ": " : ", ") + line.place.first + "@" + line.place.second + " " + to_string(line.quantity);
        if (line.fulfilled > 0) text += " f" + to_string(line.fulfilled);
        if (line.cancelled > 0) text += " c" + to_string(line.cancelled);
    }
    const char* status = "placed";
    if (open > 0 && fulfilled > 0) status = "partially_fulfilled";
    if (open == 0) status = fulfilled > 0 ? "fulfilled" : "cancelled";
    return "order " + to_string(number) + " " + status + " v" + to_string(order.version) + text;
}

std::string NaiveModel::judge(const PlaceOrder& command, AccountId actor) {
    if (command.lines.empty() || command.lines.size() > 200) return "invalid_request /lines";
    Placed order{.by = actor};
    for (std::size_t i = 0; i < command.lines.size(); ++i) {
        const auto& asked = command.lines[i];
        if (asked.quantity < 1 || asked.quantity > million) return at_line("invalid_request", "lines", i, "quantity");
        if (!on_sale(asked.sku)) return at_line("unknown_sku", "lines", i, "sku");
        const Place place{asked.sku, or_main(asked.location)};
        if (!locations_.contains(place.second)) return at_line("unknown_location", "lines", i, "location");
        Line* line = nullptr;
        for (auto& known : order.lines)
            if (known.place == place) line = &known;
        if (line == nullptr) line = &order.lines.emplace_back(Line{.place = place});
        line->quantity += asked.quantity;
        if (line->quantity > million) return at_line("invalid_request", "lines", i, "quantity");
    }
    std::string shortages;
    for (const auto& line : order.lines) {
        const auto left = levels_[line.place].available();
        if (line.quantity > left)
            shortages += (shortages.empty() ? " " : ", ") + line.place.first + "@" + line.place.second + " " +
                         to_string(line.quantity) + ">" + to_string(left);
    }
    if (!shortages.empty()) return "insufficient_stock" + shortages;
    for (const auto& line : order.lines) {
        levels_[line.place].allocated += line.quantity;
        levels_[line.place].version += 1;
    }
    const auto number = next_number_++;
    return describe(number, orders_[number] = order);
}

std::string NaiveModel::judge(const FulfilOrder& command) {
    auto* const order = find_order(command.order);
    if (order == nullptr) return "not_found";
    if (command.lines.size() > 200) return "invalid_request /lines";
    std::int64_t open = 0;
    for (const auto& line : order->lines) open += line.open();
    if (open == 0) return "invalid_state";
    std::map<Place, std::int64_t> ship;
    for (std::size_t i = 0; i < command.lines.size(); ++i) {
        const auto& asked = command.lines[i];
        if (asked.quantity < 1 || asked.quantity > million) return at_line("invalid_request", "lines", i, "quantity");
        const Line* line = nullptr;
        for (const auto& known : order->lines)
            if (known.place == Place{asked.sku, or_main(asked.location)}) line = &known;
        if (line == nullptr) return at_line("invalid_request", "lines", i, "sku");
        ship[line->place] += asked.quantity;
        if (ship[line->place] > line->open()) return "invalid_state";
    }
    for (auto& line : order->lines) {
        const auto quantity = command.lines.empty() ? line.open() : ship[line.place];
        if (quantity == 0) continue;
        line.fulfilled += quantity;
        levels_[line.place].on_hand -= quantity;
        levels_[line.place].allocated -= quantity;
        levels_[line.place].version += 1;
    }
    order->version += 1;
    return describe(numbers_.at(command.order), *order);
}

std::string NaiveModel::judge(const CancelOrder& command, AccountId actor, Role role) {
    auto* const order = find_order(command.order);
    if (order == nullptr) return "not_found";
    if (role == Role::clerk && order->by != actor) return "forbidden";
    std::int64_t open = 0;
    for (const auto& line : order->lines) open += line.open();
    if (open == 0) return "invalid_state";
    for (auto& line : order->lines) {
        const auto quantity = line.open();
        if (quantity == 0) continue;
        line.cancelled += quantity;
        levels_[line.place].allocated -= quantity;
        levels_[line.place].version += 1;
    }
    order->version += 1;
    return describe(numbers_.at(command.order), *order);
}

std::string NaiveModel::judge(const AdjustStock& command) {
    const auto delta = command.delta;
    if (delta == 0 || delta > trillion || delta < -trillion) return "invalid_request /delta";
    const bool allowed =
        goes_both_ways(command.reason) || (delta > 0 ? goes_up(command.reason) : goes_down(command.reason));
    if (!allowed) return "invalid_request /reason";
    if (command.reason == Reason::other && command.note.empty()) return "invalid_request /note";
    if (!on_sale(command.sku)) return "unknown_sku /sku";
    const Place place{command.sku, or_main(command.location)};
    if (!locations_.contains(place.second)) return "unknown_location /location";
    const auto level = levels_.contains(place) ? levels_.at(place) : Level{};
    if (command.expected_version && *command.expected_version != level.version)
        return "version_mismatch now v" + to_string(level.version);
    if (level.on_hand + delta > trillion) return "invalid_request /delta";
    const auto name = place.first + "@" + place.second;
    if (level.on_hand + delta < 0)
        return "insufficient_stock " + name + " " + to_string(-delta) + ">" + to_string(level.available());
    if (level.on_hand + delta < level.allocated) return "breaks_promises";
    auto& row = levels_[place];
    row.on_hand += delta;
    row.version += 1;
    return "adjusted " + name + " " + (delta > 0 ? "+" : "") + to_string(delta) + ": " + to_string(row.on_hand) + " v" +
           to_string(row.version);
}

std::string NaiveModel::judge(const CreateProduct& command) {
    const auto& sku = command.product.sku;
    if (items_.contains(sku)) return "already_exists /sku";
    std::map<std::string, std::int64_t> opening;
    for (std::size_t i = 0; i < command.opening_stock.size(); ++i) {
        const auto& entry = command.opening_stock[i];
        if (!locations_.contains(or_main(entry.location)))
            return at_line("unknown_location", "opening_stock", i, "location");
        auto& sum = opening[or_main(entry.location)];
        if (entry.quantity < 0 || entry.quantity > trillion || sum + entry.quantity > trillion)
            return at_line("invalid_request", "opening_stock", i, "quantity");
        sum += entry.quantity;
    }
    const auto& given = command.product;
    items_[sku] = {given.name, given.category, given.barcode, given.unit_price, given.attributes, given.reorder_point};
    levels_[{sku, "MAIN"}] = {};
    for (const auto& [location, quantity] : opening)
        if (quantity > 0) levels_[{sku, location}] = {.on_hand = quantity, .version = 1};
    return "product " + sku + " v1";
}

std::string NaiveModel::judge(const UpdateProduct& command) {
    if (!on_sale(command.sku) && !(command.restores && items_.contains(command.sku))) return "unknown_sku";
    auto& item = items_.at(command.sku);
    if (item.version != command.expected_version) return "version_mismatch now v" + to_string(item.version);
    auto after = item;
    if (command.restores) after.archived = false;
    if (command.name) after.name = *command.name;
    if (command.category) after.category = *command.category;
    if (command.barcode) after.barcode = *command.barcode;
    if (command.unit_price) after.price = *command.unit_price;
    if (command.attributes) after.attributes = *command.attributes;
    if (command.reorder_point) after.reorder_point = *command.reorder_point;
    if (after != item) after.version += 1;
    item = after;
    return "product " + command.sku + " v" + to_string(item.version);
}

std::string NaiveModel::judge(const ArchiveProduct& command) {
    if (!on_sale(command.sku)) return "unknown_sku";
    auto& item = items_.at(command.sku);
    if (item.version != command.expected_version) return "version_mismatch now v" + to_string(item.version);
    for (const auto& [place, level] : levels_)
        if (place.first == command.sku && (level.on_hand != 0 || level.allocated != 0)) return "invalid_state";
    item.version += 1;
    item.archived = true;
    return "product " + command.sku + " v" + to_string(item.version) + " archived";
}

std::string NaiveModel::judge(const CreateLocation& command) {
    if (!locations_.insert(command.code).second) return "already_exists /code";
    return "location " + command.code;
}

void NaiveModel::judge_row(const ImportRow& row, Import& import) const {
    const auto errors_before = import.errors.size();
    const Place place{row.sku, or_main(row.location)};
    const bool known = import.items.contains(row.sku);
    const bool is_new = !items_.contains(row.sku);
    if (known && import.items.at(row.sku).archived)
        import.errors.emplace_back(row.line, "sku");
    else if (!known && !row.name)
        import.errors.emplace_back(row.line, "name");
    if (!locations_.contains(place.second))
        import.errors.emplace_back(row.line, "location");
    else if (!import.seen.insert(place).second)
        import.errors.emplace_back(row.line, "sku");
    const auto before = levels_.contains(place) ? levels_.at(place) : Level{};
    const bool archived = known && import.items.at(row.sku).archived;
    if (row.quantity && !archived && locations_.contains(place.second) &&
        (*row.quantity < before.allocated || *row.quantity > trillion))
        import.errors.emplace_back(row.line, "quantity");
    if (import.errors.size() > errors_before) {
        import.skipped += 1;
        return;
    }
    auto after = known ? import.items.at(row.sku) : Item{};
    if (row.name) after.name = *row.name;
    if (row.category) after.category = *row.category;
    if (row.barcode) after.barcode = *row.barcode;
    if (row.unit_price) after.price = *row.unit_price;
    if (row.reorder_point) after.reorder_point = *row.reorder_point;
    const bool item_changes = !known || after != import.items.at(row.sku);
    const bool stock_changes = row.quantity && *row.quantity != before.on_hand;
    import.items[row.sku] = after;
    if (item_changes && !is_new) import.changed.insert(row.sku);
    if (!known) import.levels[{row.sku, "MAIN"}];
    if (stock_changes) {
        auto level = before;
        level.on_hand = *row.quantity;
        level.version += 1;
        import.levels[place] = level;
    }
    (!known ? import.created : item_changes || stock_changes ? import.updated : import.skipped) += 1;
}

std::string NaiveModel::judge(const ImportProducts& command) {
    Import import{.items = items_, .levels = levels_};
    for (const auto& row : command.rows) judge_row(row, import);
    const bool applied = !command.dry_run && (import.errors.empty() || command.partial);
    if (applied) {
        items_ = import.items;
        levels_ = import.levels;
        for (const auto& sku : import.changed) items_.at(sku).version += 1;
    }
    std::string text = "import " + to_string(command.rows.size()) + " rows, " + to_string(import.created) +
                       " created, " + to_string(import.updated) + " updated, " + to_string(import.skipped) +
                       " skipped, " + (applied ? "applied" : "not applied");
    auto separator = "; ";
    for (const auto& [line, column] : import.errors) {
        text += separator + to_string(line) + " " + column;
        separator = ", ";
    }
    return text;
}

std::optional<std::string> NaiveModel::predict(const Command& command, AccountId actor, Role role) {
    if (const auto* const wish = std::get_if<PlaceOrder>(&command)) return judge(*wish, actor);
    if (const auto* const wish = std::get_if<FulfilOrder>(&command)) return judge(*wish);
    if (const auto* const wish = std::get_if<CancelOrder>(&command)) return judge(*wish, actor, role);
    if (const auto* const wish = std::get_if<AdjustStock>(&command)) return judge(*wish);
    if (const auto* const wish = std::get_if<CreateProduct>(&command)) return judge(*wish);
    if (const auto* const wish = std::get_if<UpdateProduct>(&command)) return judge(*wish);
    if (const auto* const wish = std::get_if<ArchiveProduct>(&command)) return judge(*wish);
    if (const auto* const wish = std::get_if<CreateLocation>(&command)) return judge(*wish);
    if (const auto* const wish = std::get_if<ImportProducts>(&command)) return judge(*wish);
    return std::nullopt;
}

}  // namespace onhand::domain::testing
