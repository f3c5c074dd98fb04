#include "socketio/command.hpp"

#include "base/text.hpp"

namespace onhand::bench::socketio {
namespace {

std::optional<std::uint64_t> parse_count(std::string_view text, std::uint64_t most) {
    const auto number = parse_int(text);
    if (!number || *number < 1 || static_cast<std::uint64_t>(*number) > most) return std::nullopt;
    return static_cast<std::uint64_t>(*number);
}

// The text up to the next space, which is taken off `line`.
std::string_view take_word(std::string_view& line) {
    const auto word = line.substr(0, line.find(' '));
    line.remove_prefix(word.size() < line.size() ? word.size() + 1 : word.size());
    return word;
}

}  // namespace

std::optional<Command> parse_command(std::string_view line) {
    if (line.ends_with(' ')) return std::nullopt;
    const auto name = take_word(line);
    const auto rounds = parse_count(take_word(line), rounds_max);
    if (!rounds) return std::nullopt;
    if (name == "ack" && line.empty()) return Command{true, *rounds, 1};
    const auto burst = parse_count(take_word(line), burst_max);
    if (name != "broadcast" || !burst || !line.empty()) return std::nullopt;
    return Command{false, *rounds, *burst};
}

}  // namespace onhand::bench::socketio
