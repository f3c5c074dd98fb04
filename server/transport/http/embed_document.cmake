# Writes a source file that holds a text file as a string: -DINPUT=openapi.yaml -DOUTPUT=openapi_document.cpp.
# The OpenAPI description is kept as JSON, which is YAML too, so that no converter is needed to serve it.
file(READ "${INPUT}" text)
string(LENGTH "${text}" length)
set(pieces "")
set(begin 0)
while(begin LESS length)
  string(SUBSTRING "${text}" ${begin} 8000 piece)
  string(APPEND pieces "    R\"__json__(${piece})__json__\"\n")
  math(EXPR begin "${begin} + 8000")
endwhile()
file(WRITE "${OUTPUT}" "// Made from openapi.yaml by embed_document.cmake.
#include \"transport/http/system.hpp\"

namespace onhand::http {

std::string_view openapi_document() {
    static constexpr std::string_view text =
${pieces};
    return text;
}

}  // namespace onhand::http
")
