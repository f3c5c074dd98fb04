#pragma once
// The writing face on PostgreSQL, one per lane: one connection and, from the first load of a batch to its end, one
// transaction at READ COMMITTED on rows that it has locked. A presumed batch is one round trip without a load; it locks
// its levels by updating them. All methods but head() belong to the lane's thread.
//
// How a commit can end:
//   an error before COMMIT was sent, or an answer that tells of one      not_committed; the transaction is rolled back
//   40001, 40P01, 55P03, 23505, a row that is not as it was read         … as conflict: the batch may be tried again
//   a CHECK or an unfit value                                            … as rejected: a bug was kept out
//   the connection lost before COMMIT was sent                           … as unavailable
//   the connection lost, or no answer in time, after COMMIT was sent     unknown: resolve() asks the server
// A lost connection is made anew before the next batch; every new one is checked to lead to a server that can be
// trusted and is no standby.

#include <atomic>
#include <chrono>
#include <optional>

#include "storage/postgres/commit_outcome.hpp"
#include "storage/postgres/row_loader.hpp"

namespace onhand::storage::postgres {

class Writer final : public Store {
  public:
    // Connects. Throws SqlError. `head` is raised by the outbox and outlives the writer. `patience`: how long resolve()
    // goes on asking.
    Writer(ConnectOptions options, const std::atomic<domain::FeedSeq>& head, std::chrono::milliseconds patience);

    Result<Uuid, StoreError> prepare(domain::WorkingSet& set) override;
    Result<KnownKeys, StoreError> load(std::span<const domain::KeyHash> keys, const domain::RowRequest& request,
                                       domain::WorkingSet& set) override;
    CommitResult commit(domain::Changes& changes) override;
    void abandon() override;
    CommitStatus resolve(domain::Changes& changes) override;
    bool rows_stay_valid() const override { return false; }
    domain::FeedSeq head() const override { return head_.load(std::memory_order_acquire); }
    void set_fence(std::int64_t fence) override { fence_ = fence; }
    std::int64_t fence_of_batch() const override { return last_fence_; }
    // Not behind a pooler: the session is how an unknown outcome is found.
    bool presumes() const override { return connection_.prepared(); }
    CommitResult commit_presumed(domain::Changes& changes, const Presumption& rows, std::size_t more_numbers,
                                 domain::WorkingSet& set) override;

  private:
    void make_ready();
    bool make_ready_again() noexcept;
    void check_new_connection();
    void end_batch() noexcept;
    StoreError failed(const SqlError& error) noexcept;
    Uuid read_last_id();
    KnownKeys load_rows(std::span<const domain::KeyHash> keys, const domain::RowRequest& request,
                        domain::WorkingSet& set);
    template <class Send, class Trace>
    CommitResult end_with_commit(domain::NumberSource* numbers, const Send& send, const Trace& trace);
    void send_batch(const domain::Changes& changes);
    void send_presumed(const domain::Changes& changes, const Presumption& rows, std::size_t more_numbers);
    void read_batch_results(domain::NumberSource* numbers);

    const std::atomic<domain::FeedSeq>& head_;
    const std::chrono::milliseconds patience_;
    Connection connection_;
    NameBook names_;
    RowLoader loader_;
    BatchWriter batch_writer_;
    OpenBatch batch_;
    SessionName session_;
    std::int64_t fence_ = 0;
    std::int64_t last_fence_ = 0;
    std::optional<Uuid> last_id_;
    std::optional<CommitTrace> trace_;  // of a commit whose outcome is unknown
};

}  // namespace onhand::storage::postgres
