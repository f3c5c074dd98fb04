#include "base/text.hpp"
#include "domain/decide_commands.hpp"
#include "domain/refuse.hpp"

namespace onhand::domain {

Outcome judge(const CreateLocation& command, WorkingSet& set, const Context& context, Changes& changes) {
    if (!is_code(command.code, location_code_bytes_max))
        return refuse_at(RefusalCode::invalid_request, "/code",
                         sentence("A location code has 1 to ", location_code_bytes_max,
                                  " bytes of visible characters and neither begins nor ends with a space."));
    if (command.name.empty() || command.name.size() > name_bytes_max || !is_utf8(command.name) ||
        !is_printable(command.name))
        return refuse_at(RefusalCode::invalid_request, "/name",
                         sentence("A name has 1 to ", name_bytes_max, " bytes."));
    if (set.find_location(command.code) != nullptr)
        return refuse_at(RefusalCode::already_exists, "/code",
                         sentence("There is a location with the code ", command.code, " already."));
    const Location location{.id = LocationId{set.sequences.location.take()},
                            .code = command.code,
                            .name = command.name,
                            .created_at = context.now};
    set.put_new_location(location);
    changes.items.emplace_back(LocationEvent{.location = location, .actor = context.actor});
    return LocationDone{location};
}

}  // namespace onhand::domain
