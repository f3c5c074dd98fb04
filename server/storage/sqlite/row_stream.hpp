#pragma once
// Reads the rows of one statement on a thread of its own, some blocks ahead of
// the one who takes them: decoding and what is done with the rows go on side by
// side. Used when whole tables are read at start. The connection is this
// thread's alone until the stream has ended.

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/thread_name.hpp"
#include "storage/sqlite/database.hpp"

namespace onhand::storage::sqlite {

template <class Row>
class RowStream {
  public:
    static constexpr std::size_t block_rows = 1024;

    // `read` makes a row of a cursor. At most `blocks_max` blocks wait to be
    // taken.
    template <class Read>
    RowStream(Connection& connection, std::string sql, Read read, std::size_t blocks_max)
        : blocks_max_(blocks_max), thread_([this, &connection, sql = std::move(sql), read = std::move(read)] {
              name_thread("row stream");
              try {
                  run(connection, sql, read);
              } catch (...) {
                  end(std::current_exception());
              }
          }) {}
    ~RowStream() {
        {
            const std::lock_guard lock(mutex_);
            abandoned_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }
    RowStream(const RowStream&) = delete;
    RowStream& operator=(const RowStream&) = delete;

    // The next rows; none at the end. Throws what reading threw.
    std::vector<Row> take() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !blocks_.empty() || ended_; });
        if (blocks_.empty()) {
            if (fault_) std::rethrow_exception(fault_);
            return {};
        }
        auto block = std::move(blocks_.front());
        blocks_.pop_front();
        changed_.notify_all();
        return block;
    }

  private:
    template <class Read>
    void run(Connection& connection, const std::string& sql, const Read& read) {
        Statement select(connection, sql);
        auto cursor = select.open();
        std::vector<Row> block;
        while (cursor.next()) {
            if (block.empty()) block.reserve(block_rows);
            block.push_back(read(cursor));
            if (block.size() < block_rows) continue;
            if (!give(std::exchange(block, {}))) break;
        }
        if (!block.empty()) give(std::move(block));
        end(nullptr);
    }

    // False when nobody wants more.
    bool give(std::vector<Row> block) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return blocks_.size() < blocks_max_ || abandoned_; });
        if (abandoned_) return false;
        blocks_.push_back(std::move(block));
        changed_.notify_all();
        return true;
    }

    void end(std::exception_ptr fault) {
        const std::lock_guard lock(mutex_);
        fault_ = std::move(fault);
        ended_ = true;
        changed_.notify_all();
    }

    const std::size_t blocks_max_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::vector<Row>> blocks_;  // guarded by mutex_, as are the three below
    std::exception_ptr fault_;
    bool ended_ = false;
    bool abandoned_ = false;
    std::thread thread_;  // last: it uses the others
};

}  // namespace onhand::storage::sqlite
