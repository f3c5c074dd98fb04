#include "transport/http/argon2id.hpp"

#include <argon2.h>
#include <sys/mman.h>

#include <new>

namespace onhand::http {
namespace {

constexpr std::size_t memory_bytes = std::size_t{argon2id_kibibytes_max} * 1024;
constexpr std::size_t huge_page_bytes = 2UL * 1024 * 1024;
// Whole huge pages, with room to begin at the first of them.
constexpr std::size_t mapped_bytes = (memory_bytes / huge_page_bytes + 2) * huge_page_bytes;

// The memory of the hash that this thread makes: libargon2 has no room for it in what it hands to the functions below.
thread_local Argon2idMemory* memory_in_use = nullptr;

// libargon2 asks for its memory once per hash, and wipes it before it gives it back.
int take_memory(std::uint8_t** taken, std::size_t bytes) {
    if (bytes > memory_bytes) return ARGON2_MEMORY_ALLOCATION_ERROR;
    *taken = memory_in_use->bytes().data();
    return ARGON2_OK;
}

void give_memory_back(std::uint8_t* /*taken*/, std::size_t /*bytes*/) {}

// libargon2 takes what it only reads as if it could change it; it does so only when flags ask for it.
std::uint8_t* as_input(const void* bytes) {
    return static_cast<std::uint8_t*>(const_cast<void*>(bytes));
}

}  // namespace

// Mapped once: mapping and unmapping 19 MiB for each hash holds the lock of the process's memory, for which every other
// thread waits that maps something or gives something back, and the hashing thread is the least urgent of all. Huge
// pages spare it most misses of the TLB; where there are none, it works as well.
Argon2idMemory::Argon2idMemory()
    : mapped_(
          ::mmap(nullptr, mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
    if (mapped_ == MAP_FAILED) throw std::bad_alloc();
    ::madvise(mapped_, mapped_bytes, MADV_HUGEPAGE);
    ::madvise(mapped_, mapped_bytes, MADV_DONTDUMP);
    const auto offset = reinterpret_cast<std::uintptr_t>(mapped_) % huge_page_bytes;
    auto* const first = static_cast<std::uint8_t*>(mapped_) + (offset == 0 ? 0 : huge_page_bytes - offset);
    bytes_ = {first, memory_bytes};
}

Argon2idMemory::~Argon2idMemory() {
    ::munmap(mapped_, mapped_bytes);
}

bool argon2id(Argon2idMemory& memory, std::span<std::uint8_t> out, std::string_view password,
              std::span<const std::uint8_t> salt, const Argon2idCost& cost) {
    if (cost.kibibytes > argon2id_kibibytes_max || cost.passes > argon2id_passes_max) return false;
    argon2_context context{};
    context.out = out.data();
    context.outlen = static_cast<std::uint32_t>(out.size());
    context.pwd = as_input(password.data());
    context.pwdlen = static_cast<std::uint32_t>(password.size());
    context.salt = as_input(salt.data());
    context.saltlen = static_cast<std::uint32_t>(salt.size());
    context.t_cost = cost.passes;
    context.m_cost = cost.kibibytes;
    context.lanes = 1;
    context.threads = 1;
    context.version = ARGON2_VERSION_13;
    context.allocate_cbk = take_memory;
    context.free_cbk = give_memory_back;
    context.flags = ARGON2_DEFAULT_FLAGS;
    memory_in_use = &memory;
    return argon2id_ctx(&context) == ARGON2_OK;
}

}  // namespace onhand::http
