#include <set>
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
    ImportPlan(WorkingSet& set, const Context& context) : set_(set), context_(context) {}

    void add(const ImportRow& row);
    void apply(Changes& changes);
    ImportDone done;

  private:
    void fault(const ImportRow& row, std::string_view column, std::string detail);
    Draft draft_of(const ImportRow& row) const;
    void check_stock(const ImportRow& row, const Draft& draft, const Location& location);
    bool plan_stock(const ImportRow& row, const Draft& draft, const Location& location);
    Quantity promised(LevelKey key) const;

    WorkingSet& set_;
    const Context& context_;
    std::vector<Draft> drafts_;                                 // in the order of first appearance
    std::unordered_map<std::string_view, std::size_t> by_sku_;  // index into drafts_
    std::set<std::pair<std::string_view, LocationId>> seen_;    // SKU and location of earlier rows, bad ones too
    std::vector<StockChange> stock_;
    std::size_t new_products_ = 0;
};

void ImportPlan::fault(const ImportRow& row, std::string_view column, std::string detail) {
    done.errors.push_back({row.line, std::string(column), std::move(detail)});
}

// The product as it is after this row, whatever else is wrong with the row.
Draft ImportPlan::draft_of(const ImportRow& row) const {
    Draft draft;
    const auto earlier = by_sku_.find(row.sku);
    if (earlier != by_sku_.end()) {
        draft = drafts_[earlier->second];
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
    Draft draft = draft_of(row);
    if (draft.product.archived)
        fault(row, "sku", sentence("The product with the SKU ", row.sku, " is archived."));
    else if (draft.is_new && (!row.name || row.name->empty()) && !by_sku_.contains(row.sku))
        fault(row, "name", sentence("SKU ", row.sku, " is new and needs a name."));
    else if (auto found = find_fault(draft.product))
        fault(row, found->column, std::move(found->detail));

    const auto* const location = std::as_const(set_).find_location(row.location);
    if (location == nullptr) {
        fault(row, "location", sentence("There is no location with the code ", row.location, "."));
    } else {
        if (!seen_.emplace(row.sku, location->id).second)
            fault(row, "sku", sentence("SKU ", row.sku, " at ", location->code, " is in an earlier row of this file."));
        if (!draft.product.archived) check_stock(row, draft, *location);
    }
    if (done.errors.size() > errors_before) {
        done.skipped += 1;
        return;
    }
    const bool stock_changes = plan_stock(row, draft, *location);
    const auto [place, first_row] = by_sku_.try_emplace(row.sku, drafts_.size());
    const bool product_changes = first_row ? draft.changed : draft.product != drafts_[place->second].product;
    if (first_row && draft.is_new) {
        done.created += 1;
        new_products_ += 1;
    } else if (stock_changes || product_changes) {
        done.updated += 1;
    } else {
        done.skipped += 1;
    }
    if (first_row)
        drafts_.push_back(std::move(draft));
    else
        drafts_[place->second] = std::move(draft);
}

// Products first, then their stock: whoever follows the feed knows a product before its first movement.
void ImportPlan::apply(Changes& changes) {
    for (auto& [product, is_new, changed] : drafts_) {
        if (!is_new && !changed) continue;
        if (!is_new) product.version += 1;
        product.updated_at = context_.now;
        changes.items.emplace_back(
            ProductEvent{.kind = is_new ? ProductEvent::Kind::created : ProductEvent::Kind::updated,
                         .product = product,
                         .actor = context_.actor});
        set_.put_product(product, is_new);
        if (!is_new) continue;
        ensure(raw(product.id) == set_.sequences.product.take(), "new products are numbered in order");
        const StockLevel main_level{.key = {product.id, main_location}, .updated_at = context_.now};
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
    ImportPlan plan(set, context);
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
