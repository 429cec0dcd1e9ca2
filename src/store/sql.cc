#include "store/sql.h"

#include <algorithm>

namespace latchkey::store {

Status Statement::run() {
    while (true) {
        const bool has_row = TRY(step());
        if (!has_row) return {};
    }
}

std::optional<Timestamp> Statement::optional_time(int column) const {
    if (is_null(column)) return std::nullopt;
    return time(column);
}

Digest Statement::digest(int column) const {
    Digest digest{};
    const std::string_view bytes = blob(column);
    // A digest of another length is left as zeros, which no token hashes to.
    if (bytes.size() == digest.size()) {
        std::copy_n(as_bytes(bytes).data(), digest.size(), digest.begin());
    }
    return digest;
}

Status Connection::run(Sql sql) {
    Statement statement = TRY(prepare(sql));
    return statement.run();
}

}  // namespace latchkey::store
