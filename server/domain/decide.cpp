#include "domain/decide.hpp"

#include "domain/decide_commands.hpp"

namespace onhand::domain {

Outcome decide(const Command& command, WorkingSet& set, const Context& context, Changes& changes) {
    return std::visit([&](const auto& wish) { return judge(wish, set, context, changes); }, command);
}

}  // namespace onhand::domain
