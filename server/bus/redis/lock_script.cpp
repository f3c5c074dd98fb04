#include "bus/redis/lock_script.hpp"

namespace onhand::bus::redis {
namespace {

// Most products are nobody's and nobody waits for them: what is done for these is kept short.
constexpr std::string_view lock_script_text = R"lua(
local owner, lease, silence, length_max = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local gift_lease, prefix, deeds = tonumber(ARGV[5]), ARGV[6], ARGV[7]
local call, byte = redis.call, string.byte
local time = call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local stamp = string.format('%.0f', now)
local own_value = owner .. '@' .. stamp
local values = call('MGET', unpack(KEYS))
local given_up = {}

local function holder_of(value)
    return value and (string.match(value, '^(.*)@%d+$') or value)
end

-- The line without those that went silent and without this owner; second, this owner's place in it.
local function read_line(text)
    local line, place = {}, nil
    for name, seen in string.gmatch(text, '(%S+)@(%d+)') do
        local last = math.min(tonumber(seen), now)
        if name == owner then
            place = #line + 1
        elseif now - last <= silence then
            line[#line + 1] = {name, string.format('%.0f', last)}
        end
    end
    return line, place
end

local function write_line(key, old, line)
    local words = {}
    for i, waiter in ipairs(line) do words[i] = waiter[1] .. '@' .. waiter[2] end
    local text = table.concat(words, ' ')
    if text == old then return end
    if text == '' then call('DEL', key) else call('SET', key, text, 'PX', lease) end
end

-- A hint that cannot be sent must not undo the rest.
local function tell(what, name, key, mark)
    redis.pcall('PUBLISH', prefix .. what .. name, (mark or '') .. string.match(key, '{(.*)}$'))
end

-- Who is first in line has the lock from now on, and must say soon that it is still there.
local function give(lock, line, others_wait)
    local name = table.remove(line, 1)[1]
    call('SET', lock, name .. '@' .. stamp, 'PX', gift_lease)
    tell('have:', name, lock, others_wait and '+' or '-')
end

local function cut_back(key)
    local left = call('PTTL', key)
    if left < 0 or left > lease then call('PEXPIRE', key, lease) end
end

local deed = {}

deed[byte('a')] = function(lock, holder, line, place)
    local others_wait = #line > 0
    if holder == owner then
        call('PEXPIRE', lock, lease)
        return others_wait and 3 or 2
    end
    if not holder and (not others_wait or place == 1) then
        call('SET', lock, own_value, 'PX', lease)
        return others_wait and 4 or 1
    end
    if holder then cut_back(lock) end
    if not place then
        if #line >= length_max then return 0 end
        place = #line + 1
        if holder then tell('want:', holder, lock) else tell('free:', line[1][1], lock) end
    end
    table.insert(line, place, {owner, stamp})
    return 0
end

deed[byte('r')] = function(lock, holder, line)
    if holder ~= owner then return 5 end
    if #line == 0 then
        given_up[#given_up + 1] = lock
        return 6
    end
    give(lock, line, #line > 1)
    return 7
end

deed[byte('j')] = function(lock, holder, line, place)
    if holder ~= owner then
        if place then table.insert(line, place, {owner, stamp}) end
        return 5
    end
    if #line == 0 then
        call('PEXPIRE', lock, lease)
        return 8
    end
    give(lock, line, true)
    line[#line + 1] = {owner, stamp}
    return 7
end

local results, nobody = {}, {}
for i = 1, #deeds do
    local lock, value, text = KEYS[2 * i - 1], values[2 * i - 1], values[2 * i]
    local act = deed[byte(deeds, i)]
    if text then
        local line, place = read_line(text)
        results[i] = act(lock, holder_of(value), line, place)
        write_line(KEYS[2 * i], text, line)
    else
        results[i] = act(lock, holder_of(value), nobody)
        if nobody[1] then
            write_line(KEYS[2 * i], '', nobody)
            nobody = {}
        end
    end
end
if given_up[1] then call('DEL', unpack(given_up)) end
return results
)lua";

}  // namespace

const Script& lock_script() {
    static const Script script(lock_script_text);
    return script;
}

std::string lock_key(std::string_view prefix, std::string_view sku) {
    std::string key(prefix);
    key.append("lock:{").append(sku).append("}");
    return key;
}

std::string line_key(std::string_view prefix, std::string_view sku) {
    std::string key(prefix);
    key.append("wait:{").append(sku).append("}");
    return key;
}

}  // namespace onhand::bus::redis
