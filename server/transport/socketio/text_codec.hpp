// Small text conversions the protocol needs: base64, incremental UTF-8 validation, query strings
// and random identifiers. Called by the codecs and by the server; every function may be called from any
// thread. Nothing here knows about packets or sessions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace onhand::socketio {

// Standard base64 with padding.
std::string base64_encode(std::string_view bytes);

// Strict inverse of base64_encode(): length a multiple of four, padding only at the end, zero spare bits not required.
// Returns nothing when `text` is not base64.
std::optional<std::string> base64_decode(std::string_view text);

// Twenty characters of [A-Za-z0-9_-] from the kernel's random source. The value of the first character modulo
// `owner_count` equals `owner`, so that any thread can tell which io thread owns a session without a shared table.
// Needs owner < owner_count <= 64.
std::string random_identifier(unsigned owner, unsigned owner_count);

// The owner hidden in an identifier made by random_identifier(); nothing when `identifier` has another form.
std::optional<unsigned> identifier_owner(std::string_view identifier, unsigned owner_count);

// "%41+b" as "A b". What is no escape stays as it is.
std::string percent_decode(std::string_view text);

// The parameters of the query part of a target ("/path?a=b&c"), in order and not decoded.
struct QueryParameter {
    std::string_view name;
    std::string_view value;
};
class QueryReader {
  public:
    explicit QueryReader(std::string_view target);
    std::optional<QueryParameter> next();

  private:
    std::string_view rest_;
};

// The percent-decoded value of the first parameter called `name` in the query part of `target` ("/path?a=b&c").
// Nothing when there is no such parameter.
std::optional<std::string> query_parameter(std::string_view target, std::string_view name);

// Checks UTF-8 that arrives in pieces: rejects overlong forms, surrogates and values above U+10FFFF at the first
// byte that makes them certain.
class Utf8Validator {
  public:
    // Returns false once the bytes so far cannot be the beginning of valid UTF-8.
    bool feed(std::string_view bytes);

    // True when no character is cut off at the end.
    bool complete() const { return remaining_ == 0; }

    void reset() { *this = Utf8Validator(); }

  private:
    bool begin(unsigned char lead);

    unsigned char remaining_ = 0;  // continuation bytes still expected
    unsigned char low_ = 0x80;     // the range the next continuation byte must lie in
    unsigned char high_ = 0xBF;
};

// True when `text` is valid UTF-8 as a whole.
bool is_valid_utf8(std::string_view text);

}  // namespace onhand::socketio
