#include "transport/http/patient_hasher.hpp"

#include <sodium.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/semaphore.hpp"
#include "base/thread_name.hpp"
#include "base/urgency.hpp"

namespace onhand::http {
namespace {

// What the thread is asked. Callers write it while the thread has nothing to do and read it when it is done.
struct Asked {
    std::string password;
    std::vector<std::uint8_t> salt;
    Argon2idCost cost;
    std::vector<std::uint8_t> digest;
    bool made = false;
};

}  // namespace

struct PatientHasher::Impl {
    explicit Impl(std::chrono::milliseconds limit) : patience(limit), thread([this] { run(); }) {}

    ~Impl() {
        stopping = true;
        begin.post();
        thread.join();
        sodium_memzero(asked.password.data(), asked.password.size());  // of a hash that was not begun any more
    }

    void run() {
        name_thread("patient hasher");
        yield_to_all();
        while (true) {
            begin.wait();
            if (stopping) return;
            asked.made = argon2id(thread_memory, asked.digest, asked.password, asked.salt, asked.cost);
            sodium_memzero(asked.password.data(), asked.password.size());
            done = true;
            ended.post();
        }
    }

    void ask(std::size_t digest_bytes, std::string_view password, std::span<const std::uint8_t> salt,
             const Argon2idCost& cost) {
        asked.password = password;
        asked.salt.assign(salt.begin(), salt.end());
        asked.cost = cost;
        asked.digest.resize(digest_bytes);
        done = false;
        begin.post();
    }

    // True when the thread has ended by `deadline` what it was asked. What it posted for an earlier hash only wakes.
    bool ends_by(std::chrono::steady_clock::time_point deadline) {
        while (!done)
            if (!ended.wait_until(deadline)) break;
        return done;
    }

    const std::chrono::milliseconds patience;
    Argon2idMemory thread_memory;
    Argon2idMemory callers_memory;
    std::mutex callers;  // held by whoever calls hash(); never by the thread
    Asked asked;
    std::atomic<bool> done = true;  // the thread has nothing to do, and asked is the callers'
    std::atomic<bool> stopping = false;
    std::atomic<std::uint64_t> made_by_callers = 0;
    // Not a condition: the thread may stand still for seconds wherever it is, so it holds no lock that others wait for.
    Semaphore begin;
    Semaphore ended;
    std::thread thread;  // the last one: it uses the others
};

PatientHasher::PatientHasher(std::chrono::milliseconds patience) : impl_(std::make_unique<Impl>(patience)) {}

PatientHasher::~PatientHasher() = default;

bool PatientHasher::hash(std::span<std::uint8_t> out, std::string_view password, std::span<const std::uint8_t> salt,
                         const Argon2idCost& cost) {
    auto& impl = *impl_;
    const std::lock_guard lock(impl.callers);
    if (impl.done) {
        impl.ask(out.size(), password, salt, cost);
        if (impl.ends_by(std::chrono::steady_clock::now() + impl.patience)) {
            if (impl.asked.made) std::copy(impl.asked.digest.begin(), impl.asked.digest.end(), out.begin());
            return impl.asked.made;
        }
    }
    ++impl.made_by_callers;
    return argon2id(impl.callers_memory, out, password, salt, cost);
}

std::uint64_t PatientHasher::made_by_callers() const {
    return impl_->made_by_callers;
}

}  // namespace onhand::http
