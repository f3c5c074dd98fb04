#include "storage/postgres/read_pool.hpp"

namespace onhand::storage::postgres {

namespace {

// The answer of a statement that the server ended itself still has to arrive.
constexpr std::chrono::milliseconds answer_slack{5'000};
// A visitor of whole tables may take its time between two portions.
constexpr std::chrono::milliseconds idle_max{60'000};

ConnectOptions for_reading(ConnectOptions options) {
    options.answer_timeout = read_statement_max + answer_slack;
    options.settings = {{"statement_timeout", std::to_string(read_statement_max.count())},
                        {"idle_in_transaction_session_timeout", std::to_string(idle_max.count())},
                        {"jit", "off"}};
    return options;
}

}  // namespace

ReadPool::ReadPool(ConnectOptions options, int sessions, std::chrono::milliseconds wait)
    : options_(for_reading(std::move(options))), wait_(wait), sessions_(static_cast<std::size_t>(sessions)) {
    for (std::size_t session = 0; session < sessions_.size(); ++session) free_.push_back(session);
}

ReadPool::Lease ReadPool::borrow() {
    std::size_t session = 0;
    std::uint64_t generation = 0;
    {
        std::unique_lock lock(mutex_);
        if (!freed_.wait_for(lock, wait_, [this] { return !free_.empty(); }))
            throw SqlError("", "all read connections are in use", false);
        session = free_.back();
        free_.pop_back();
        generation = generation_;
    }
    connect(session, generation);
    return {*this, session};
}

void ReadPool::distrust() {
    const std::lock_guard lock(mutex_);
    ++generation_;
}

void ReadPool::connect(std::size_t session, std::uint64_t generation) {
    auto& [connection, made] = sessions_[session];
    try {
        if (!connection)
            connection = std::make_unique<Connection>(options_);
        else if (!connection->ok() || made != generation)
            connection->reset();
        made = generation;
    } catch (...) {
        give_back(session);
        throw;
    }
}

void ReadPool::give_back(std::size_t session) noexcept {
    if (sessions_[session].connection) sessions_[session].connection->rollback();
    {
        const std::lock_guard lock(mutex_);
        free_.push_back(session);
    }
    freed_.notify_one();
}

}  // namespace onhand::storage::postgres
