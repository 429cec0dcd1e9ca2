#include "store/sqlite/readers.h"

#include <algorithm>
#include <utility>

namespace latchkey::store::sqlite {
namespace {

// Gives the connection back however the work ends, by an exception too.
class Loan {
public:
    Loan(std::unique_ptr<SqliteConnection> connection,
         std::function<void(std::unique_ptr<SqliteConnection>)> give_back)
        : connection_(std::move(connection)), give_back_(std::move(give_back)) {}
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() {
        if (connection_->is_in_transaction()) {
            static_cast<void>(connection_->run("ROLLBACK").has_value());
        }
        give_back_(std::move(connection_));
    }
    SqliteConnection& operator*() { return *connection_; }

private:
    std::unique_ptr<SqliteConnection> connection_;
    std::function<void(std::unique_ptr<SqliteConnection>)> give_back_;
};

}  // namespace

Result<std::unique_ptr<Readers>> Readers::open(const std::string& path, std::size_t count) {
    std::unique_ptr<Readers> readers(new Readers);
    for (std::size_t i = 0; i < std::max<std::size_t>(count, 1); ++i) {
        auto connection = TRY(SqliteConnection::open(path, Access::kReadOnly));
        readers->idle_.push_back(std::move(connection));
    }
    return readers;
}

Status Readers::read(const std::function<Status(Connection&)>& work) {
    std::unique_ptr<SqliteConnection> connection;
    {
        std::unique_lock lock(mutex_);
        returned_.wait(lock, [this] { return is_closed_ || !idle_.empty(); });
        if (is_closed_) {
            return Error{ErrorCode::kUnavailable, "the store is closed"}.with_reason("closed");
        }
        connection = std::move(idle_.back());
        idle_.pop_back();
        ++lent_;
    }
    Loan loan(std::move(connection), [this](std::unique_ptr<SqliteConnection> back) {
        // Under the lock, so that close() cannot end this object while it is being told.
        const std::lock_guard lock(mutex_);
        idle_.push_back(std::move(back));
        --lent_;
        returned_.notify_all();
    });
    TRY((*loan).run("BEGIN"));
    return work(*loan);
}

void Readers::close() {
    std::unique_lock lock(mutex_);
    is_closed_ = true;
    returned_.notify_all();
    returned_.wait(lock, [this] { return lent_ == 0; });
    idle_.clear();
}

}  // namespace latchkey::store::sqlite
