#include "domain/batch_codec.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace onhand::domain {

namespace {

// Kinds of items; an order event and a product event keep theirs in the next byte.
enum class ItemKind : std::uint8_t { movement = 1, order = 2, product = 3, location = 4 };

class Writer {
  public:
    void byte(std::uint8_t value) { out.push_back(static_cast<char>(value)); }
    template <class Enum>
    void kind(Enum value) {
        byte(static_cast<std::uint8_t>(value));
    }
    void number(std::int64_t value) {
        auto rest = static_cast<std::uint64_t>(value);
        while (rest >= 0x80) {
            byte(static_cast<std::uint8_t>(rest | 0x80));
            rest >>= 7;
        }
        byte(static_cast<std::uint8_t>(rest));
    }
    void text(std::string_view value) {
        number(static_cast<std::int64_t>(value.size()));
        out.append(value);
    }
    void bytes(std::span<const std::uint8_t> value) {
        out.append(reinterpret_cast<const char*>(value.data()), value.size());
    }
    std::string out;
};

// After the first failure every read fails and gives zero.
class Reader {
  public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    std::uint8_t byte() {
        if (rest_.empty()) return fail();
        const auto value = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return value;
    }
    // One of the enumerators 0 to `last`.
    template <class Enum>
    Enum kind(Enum last) {
        const auto value = byte();
        if (value > static_cast<std::uint8_t>(last)) fail();
        return static_cast<Enum>(ok_ ? value : 0);
    }
    // One of those that names.hpp knows.
    template <class Enum>
    Enum known() {
        const auto value = static_cast<Enum>(byte());
        if (!is_known(value)) fail();
        return value;
    }
    std::int64_t place() {
        const auto value = number();
        if (!is_known_place(value)) fail();
        return value;
    }
    std::int64_t number() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 70; shift += 7) {
            const std::uint8_t next = byte();
            if (!ok_ || (shift == 63 && next > 1)) return fail();
            value |= static_cast<std::uint64_t>(next & 0x7F) << shift;
            if (next < 0x80) return static_cast<std::int64_t>(value);
        }
        return fail();
    }
    std::string text() { return std::string(take(number())); }
    template <std::size_t size>
    void bytes(std::array<std::uint8_t, size>& out) {
        const auto taken = take(static_cast<std::int64_t>(size));
        if (ok_) std::copy(taken.begin(), taken.end(), out.begin());
    }
    // How many entries follow. Each takes a byte at least, so a count beyond the rest is wrong, and memory is never
    // reserved for more than came.
    std::size_t count() {
        const auto value = number();
        if (value < 0 || static_cast<std::uint64_t>(value) > rest_.size()) return fail();
        return static_cast<std::size_t>(value);
    }
    bool ok() const { return ok_; }
    bool at_end() const { return ok_ && rest_.empty(); }
    std::uint8_t fail() {
        ok_ = false;
        rest_ = {};
        return 0;
    }

  private:
    std::string_view take(std::int64_t size) {
        if (size < 0 || static_cast<std::uint64_t>(size) > rest_.size()) {
            fail();
            return {};
        }
        const auto taken = rest_.substr(0, static_cast<std::size_t>(size));
        rest_.remove_prefix(taken.size());
        return taken;
    }
    std::string_view rest_;
    bool ok_ = true;
};

template <class Id>
Id id_of(std::int64_t number) {
    return static_cast<Id>(number);
}

void write(Writer& out, const StockLevel& level) {
    for (const auto value : {raw(level.key.product), raw(level.key.location), level.on_hand, level.unavailable,
                             level.held, level.allocated, level.incoming, level.version, level.updated_at})
        out.number(value);
}

StockLevel read_level(Reader& in) {
    StockLevel level;
    level.key.product = id_of<ProductId>(in.number());
    level.key.location = id_of<LocationId>(in.number());
    for (auto* value : {&level.on_hand, &level.unavailable, &level.held, &level.allocated, &level.incoming})
        *value = in.number();
    level.version = in.number();
    level.updated_at = in.number();
    if (!is_valid(level)) in.fail();
    return level;
}

void write(Writer& out, const Movement& movement) {
    out.kind(ItemKind::movement);
    out.bytes(movement.id.bytes);
    out.kind(movement.kind);
    out.number(movement.quantity);
    out.number(movement.from);
    out.number(movement.to);
    out.kind(movement.reason);
    out.text(movement.note);
    out.number(raw(movement.actor));
    out.kind(movement.cause.type);
    out.bytes(movement.cause.id.bytes);
    write(out, movement.after);
}

Movement read_movement(Reader& in) {
    Movement movement;
    in.bytes(movement.id.bytes);
    movement.kind = in.known<MovementKind>();
    movement.quantity = in.number();
    movement.from = in.place();
    movement.to = in.place();
    movement.reason = in.known<Reason>();
    movement.note = in.text();
    movement.actor = id_of<AccountId>(in.number());
    movement.cause.type = in.kind(CauseType::import);
    in.bytes(movement.cause.id.bytes);
    movement.after = read_level(in);
    return movement;
}

void write(Writer& out, const OrderEvent& event) {
    const auto& order = event.order;
    out.kind(ItemKind::order);
    out.kind(event.kind);
    out.number(raw(event.actor));
    out.bytes(event.key);
    out.bytes(event.fingerprint);
    out.bytes(order.id.bytes);
    out.number(order.number);
    out.kind(order.status);
    for (const auto* text : {&order.reference, &order.customer, &order.note}) out.text(*text);
    for (const auto value : {raw(order.placed_by), order.placed_at, order.updated_at, order.version}) out.number(value);
    out.number(static_cast<std::int64_t>(order.lines.size()));
    for (const auto& line : order.lines) {
        out.text(line.sku);
        out.text(line.location);
        for (const auto value : {raw(line.level.product), raw(line.level.location), line.quantity, line.fulfilled,
                                 line.cancelled, line.returned})
            out.number(value);
    }
}

OrderEvent read_order(Reader& in) {
    OrderEvent event;
    auto& order = event.order;
    event.kind = in.kind(OrderEvent::Kind::cancelled);
    event.actor = id_of<AccountId>(in.number());
    in.bytes(event.key);
    in.bytes(event.fingerprint);
    in.bytes(order.id.bytes);
    order.number = in.number();
    order.status = in.known<OrderStatus>();
    for (auto* text : {&order.reference, &order.customer, &order.note}) *text = in.text();
    order.placed_by = id_of<AccountId>(in.number());
    order.placed_at = in.number();
    order.updated_at = in.number();
    order.version = in.number();
    order.lines.resize(in.count());
    for (auto& line : order.lines) {
        line.sku = in.text();
        line.location = in.text();
        line.level.product = id_of<ProductId>(in.number());
        line.level.location = id_of<LocationId>(in.number());
        for (auto* value : {&line.quantity, &line.fulfilled, &line.cancelled, &line.returned}) *value = in.number();
    }
    return event;
}

void write(Writer& out, const ProductEvent& event) {
    const auto& product = event.product;
    out.kind(ItemKind::product);
    out.kind(event.kind);
    out.number(raw(event.actor));
    out.number(raw(product.id));
    for (const auto* text : {&product.sku, &product.name, &product.category, &product.barcode,
                             &product.unit_price.amount, &product.unit_price.currency, &product.attributes})
        out.text(*text);
    out.number(product.reorder_point);
    out.byte(product.archived ? 1 : 0);
    for (const auto value : {product.version, product.created_at, product.updated_at}) out.number(value);
}

ProductEvent read_product(Reader& in) {
    ProductEvent event;
    auto& product = event.product;
    event.kind = in.kind(ProductEvent::Kind::archived);
    event.actor = id_of<AccountId>(in.number());
    product.id = id_of<ProductId>(in.number());
    for (auto* text : {&product.sku, &product.name, &product.category, &product.barcode, &product.unit_price.amount,
                       &product.unit_price.currency, &product.attributes})
        *text = in.text();
    product.reorder_point = in.number();
    product.archived = in.byte() != 0;
    product.version = in.number();
    product.created_at = in.number();
    product.updated_at = in.number();
    return event;
}

void write(Writer& out, const LocationEvent& event) {
    const auto& location = event.location;
    out.kind(ItemKind::location);
    out.number(raw(event.actor));
    out.number(raw(location.id));
    out.text(location.code);
    out.text(location.name);
    out.number(location.version);
    out.number(location.created_at);
}

LocationEvent read_location(Reader& in) {
    LocationEvent event;
    auto& location = event.location;
    event.actor = id_of<AccountId>(in.number());
    location.id = id_of<LocationId>(in.number());
    location.code = in.text();
    location.name = in.text();
    location.version = in.number();
    location.created_at = in.number();
    return event;
}

FeedItem read_item(Reader& in) {
    switch (static_cast<ItemKind>(in.byte())) {
        case ItemKind::movement:
            return read_movement(in);
        case ItemKind::order:
            return read_order(in);
        case ItemKind::product:
            return read_product(in);
        case ItemKind::location:
            return read_location(in);
    }
    in.fail();
    return Movement{};
}

void write_levels(Writer& out, const Changes& changes) {
    std::vector<const StockLevel*> untold;
    for (const auto& [key, level] : changes.levels)
        if (level.version == 0) untold.push_back(&level);
    out.number(static_cast<std::int64_t>(untold.size()));
    for (const auto* level : untold) write(out, *level);
}

void write_accounts(Writer& out, const Changes& changes) {
    out.number(static_cast<std::int64_t>(changes.accounts.size()));
    for (const auto& account : changes.accounts) out.number(raw(account.id));
    out.number(static_cast<std::int64_t>(changes.sessions.size()));
    for (const auto& change : changes.sessions) out.bytes(change.session.token_hash);
    out.number(static_cast<std::int64_t>(changes.sessions_ended_of.size()));
    for (const auto account : changes.sessions_ended_of) out.number(raw(account));
}

}  // namespace

std::string encode_batch(const Changes& changes) {
    Writer out;
    constexpr std::size_t usual_item_bytes = 144;
    out.out.reserve(16 + changes.items.size() * usual_item_bytes);
    out.byte(batch_format);
    out.number(static_cast<std::int64_t>(changes.items.size()));
    for (const auto& item : changes.items) std::visit([&out](const auto& one) { write(out, one); }, item);
    write_levels(out, changes);
    write_accounts(out, changes);
    return std::move(out.out);
}

std::optional<BatchNews> decode_batch(std::string_view bytes, FeedSeq first) {
    Reader in(bytes);
    if (in.byte() != batch_format) return std::nullopt;
    BatchNews news;
    const auto items = in.count();
    news.items.reserve(items);
    for (std::size_t i = 0; i < items && in.ok(); ++i) {
        news.items.push_back(read_item(in));
        set_seq(news.items.back(), first + static_cast<FeedSeq>(i));
    }
    for (auto left = in.count(); left > 0 && in.ok(); --left) news.levels.push_back(read_level(in));
    for (auto left = in.count(); left > 0 && in.ok(); --left) news.accounts.push_back(id_of<AccountId>(in.number()));
    for (auto left = in.count(); left > 0 && in.ok(); --left) in.bytes(news.sessions.emplace_back());
    for (auto left = in.count(); left > 0 && in.ok(); --left)
        news.sessions_ended_of.push_back(id_of<AccountId>(in.number()));
    if (!in.at_end()) return std::nullopt;
    return news;
}

}  // namespace onhand::domain
