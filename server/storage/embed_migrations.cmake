# Writes OUT, a C++ source that holds every SQL file of DIR with its SHA-256, for the adapter ADAPTER (sqlite or
# postgres). Run by the build with cmake -P.
file(GLOB files "${DIR}/*.sql")
list(SORT files)
set(entries "")
foreach(file IN LISTS files)
  get_filename_component(name "${file}" NAME_WE)
  string(REGEX MATCH "^([0-9][0-9][0-9][0-9])_" unused "${name}")
  if(NOT CMAKE_MATCH_1)
    message(FATAL_ERROR "${file}: a migration is named NNNN_what.sql")
  endif()
  math(EXPR number "1${CMAKE_MATCH_1} - 10000")
  file(READ "${file}" text)
  file(SHA256 "${file}" checksum)
  string(APPEND entries "    {${number}, \"${name}\", \"${checksum}\", R\"sql(${text})sql\"},\n")
endforeach()
file(WRITE "${OUT}" "// Made by embed_migrations.cmake from storage/migrations/${ADAPTER}; changes are lost.
#include \"storage/${ADAPTER}/migrations.hpp\"

namespace onhand::storage::${ADAPTER} {

namespace {
constexpr Migration embedded[] = {
${entries}};
}  // namespace

std::span<const Migration> embedded_migrations() {
    return embedded;
}

}  // namespace onhand::storage::${ADAPTER}
")
