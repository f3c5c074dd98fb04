#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/ensure.hpp"
#include "domain/decide_commands.hpp"
#include "domain/posting.hpp"
#include "domain/product_rules.hpp"
#include "domain/refuse.hpp"

namespace onhand::domain {

namespace {

// A product that the file touches, as it would be afterwards.
struct Draft {
    Product product;
    bool is_new = false;
    bool changed = false;
};

// A change of on_hand that the file asks for. Each level is named at most once in a file.
struct StockChange {
    LevelKey key;
    Quantity delta = 0;
    bool is_new_product = false;
};

// Works out what a file would do, on copies: the set stays as it is until apply(). So a dry run, a refused file and an
// applied one take the same way.
class ImportPlan {
  public:
    // `rows`: how many will be added.
    ImportPlan(WorkingSet& set, const Context& context, std::size_t rows);

    void add(const ImportRow& row);
    void apply(Changes& changes);
    ImportDone done;

  private:
    static constexpr std::size_t no_draft = static_cast<std::size_t>(-1);
    // What earlier rows say of a SKU.
    struct Named {
        std::size_t draft = no_draft;  // index into drafts_; none while all its rows were bad
        LocationId first_location{};   // of the rows, bad ones too; ids of locations are above 0
        std::vector<LocationId> more_locations;
    };

    void fault(const ImportRow& row, std::string_view column, std::string detail);
    static bool note_location(Named& named, LocationId location);
    Draft draft_of(const ImportRow& row, const Named& named) const;
    void check_stock(const ImportRow& row, const Draft& draft, const Location& location);
    bool plan_stock(const ImportRow& row, const Draft& draft, const Location& location);
    Quantity promised(LevelKey key) const;

    WorkingSet& set_;
    const Context& context_;
    std::vector<Draft> drafts_;  // in the order of first appearance
    std::unordered_map<std::string_view, Named> by_sku_;
    std::vector<StockChange> stock_;
    std::size_t new_products_ = 0;
};

ImportPlan::ImportPlan(WorkingSet& set, const Context& context, std::size_t rows) : set_(set), context_(context) {
    drafts_.reserve(rows);
    by_sku_.reserve(rows);
    stock_.reserve(rows);
}

void ImportPlan::fault(const ImportRow& row, std::string_view column, std::string detail) {
    done.errors.push_back({row.line, std::string(column), std::move(detail)});
}

// False when an earlier row named this location.
bool ImportPlan::note_location(Named& named, LocationId location) {
    if (named.first_location == LocationId{}) {
        named.first_location = location;
        return true;
    }
    if (named.first_location == location || std::ranges::count(named.more_locations, location) > 0) return false;
    named.more_locations.push_back(location);
    return true;
}

// The product as it is after this row, whatever else is wrong with the row.
Draft ImportPlan::draft_of(const ImportRow& row, const Named& named) const {
    Draft draft;
    if (named.draft != no_draft) {
        draft = drafts_[named.draft];
    } else if (const auto* const product = std::as_const(set_).find_product(row.sku)) {
        draft.product = *product;
    } else {
        draft.product.id = ProductId{set_.sequences.product.peek(new_products_)};
        draft.product.sku = row.sku;
        draft.product.created_at = context_.now;
        draft.is_new = true;
    }
    draft.changed |= assign(row.name, draft.product.name);
    draft.changed |= assign(row.category, draft.product.category);
    draft.changed |= assign(row.barcode, draft.product.barcode);
    draft.changed |= assign(row.unit_price, draft.product.unit_price);
    draft.changed |= assign(row.reorder_point, draft.product.reorder_point);
    return draft;
}

Quantity ImportPlan::promised(LevelKey key) const {
    const auto* const level = set_.find_level(key);
    return level == nullptr ? 0 : level->unavailable + level->held + level->allocated;
}

void ImportPlan::check_stock(const ImportRow& row, const Draft& draft, const Location& location) {
    if (!row.quantity) return;
    if (!is_quantity(*row.quantity)) {
        fault(row, "quantity", sentence("A quantity is a whole number from 0 to ", quantity_max, "."));
    } else if (!draft.is_new) {
        const auto kept = promised({draft.product.id, location.id});
        if (*row.quantity < kept)
            fault(row, "quantity",
                  sentence(kept, " of SKU ", row.sku, " at ", location.code,
                           " are promised or unavailable: the quantity cannot be less."));
    }
}

// Notes the change of on_hand; false when there is none.
bool ImportPlan::plan_stock(const ImportRow& row, const Draft& draft, const Location& location) {
    if (!row.quantity) return false;
    const LevelKey key{draft.product.id, location.id};
    const auto* const level = draft.is_new ? nullptr : set_.find_level(key);
    const auto delta = *row.quantity - (level == nullptr ? 0 : level->on_hand);
    if (delta == 0) return false;
    stock_.push_back({key, delta, draft.is_new});
    return true;
}

void ImportPlan::add(const ImportRow& row) {
    done.rows += 1;
    const auto errors_before = done.errors.size();
    Named& named = by_sku_[row.sku];
    Draft draft = draft_of(row, named);
    if (draft.product.archived)
        fault(row, "sku", sentence("The product with the SKU ", row.sku, " is archived."));
    else if (draft.is_new && (!row.name || row.name->empty()) && named.draft == no_draft)
        fault(row, "name", sentence("SKU ", row.sku, " is new and needs a name."));
    else if (auto found = find_fault(draft.product))
        fault(row, found->column, std::move(found->detail));

    const auto* const location = std::as_const(set_).find_location(row.location);
    if (location == nullptr) {
        fault(row, "location", sentence("There is no location with the code ", row.location, "."));
    } else {
        if (!note_location(named, location->id))
            fault(row, "sku", sentence("SKU ", row.sku, " at ", location->code, " is in an earlier row of this file."));
        if (!draft.product.archived) check_stock(row, draft, *location);
    }
    if (done.errors.size() > errors_before) {
        done.skipped += 1;
        return;
    }
    const bool stock_changes = plan_stock(row, draft, *location);
    const bool first_row = named.draft == no_draft;
    const bool product_changes = first_row ? draft.changed : draft.product != drafts_[named.draft].product;
    if (first_row && draft.is_new) {
        done.created += 1;
        new_products_ += 1;
    } else if (stock_changes || product_changes) {
        done.updated += 1;
    } else {
        done.skipped += 1;
    }
    if (first_row) {
        named.draft = drafts_.size();
        drafts_.push_back(std::move(draft));
    } else {
        drafts_[named.draft] = std::move(draft);
    }
}

// Products first, then their stock: whoever follows the feed knows a product before its first movement.
void ImportPlan::apply(Changes& changes) {
    changes.items.reserve(changes.items.size() + drafts_.size() + stock_.size());
    changes.levels.reserve(changes.levels.size() + drafts_.size() + stock_.size());
    for (auto& [product, is_new, changed] : drafts_) {
        if (!is_new && !changed) continue;
        if (!is_new) product.version += 1;
        product.updated_at = context_.now;
        auto& event = std::get<ProductEvent>(changes.items.emplace_back(std::in_place_type<ProductEvent>));
        event.kind = is_new ? ProductEvent::Kind::created : ProductEvent::Kind::updated;
        event.product = product;
        event.actor = context_.actor;
        const auto id = product.id;
        set_.put_product(std::move(product), is_new);
        if (!is_new) continue;
        ensure(raw(id) == set_.sequences.product.take(), "new products are numbered in order");
        const StockLevel main_level{.key = {id, main_location}, .updated_at = context_.now};
        set_.put_level(main_level);
        changes.levels[main_level.key] = main_level;
    }
    const Cause cause{CauseType::import, stock_.empty() ? Uuid{} : context_.ids.next(context_.now)};
    for (const auto& change : stock_) {
        const bool up = change.delta > 0;
        post({.kind = change.is_new_product ? MovementKind::received : MovementKind::counted,
              .quantity = up ? change.delta : -change.delta,
              .up = up,
              .reason = change.is_new_product ? Reason::opening_stock : Reason::import,
              .cause = cause},
             level_for_change(set_, change.key), context_, changes);
    }
}

}  // namespace

Outcome judge(const ImportProducts& command, WorkingSet& set, const Context& context, Changes& changes) {
    if (command.rows.size() > import_rows_max)
        return refuse(RefusalCode::invalid_request,
                      sentence("An import has at most ", import_rows_max, " rows; send a larger file in parts."));
    ImportPlan plan(set, context, command.rows.size());
    for (const auto& row : command.rows) {
        plan.add(row);
        set.note_passing(row.sku);
    }
    auto& done = plan.done;
    ensure(done.created + done.updated + done.skipped == done.rows, "every row is counted once");
    done.applied = !command.dry_run && (done.errors.empty() || command.partial);
    if (done.applied) plan.apply(changes);
    return std::move(done);
}

}  // namespace onhand::domain
