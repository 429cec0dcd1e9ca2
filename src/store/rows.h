// How lists and enumerations lie in columns. Lists are JSON arrays of strings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "store/sql.h"

namespace latchkey::store {

std::string encode_list(const std::vector<std::string>& items);
// Into `items`, whose strings are used again: the replica's start decodes a million of them.
// kInternal when the column is not what encode_list writes.
Status decode_list(std::string_view text, std::vector<std::string>& items);

// A column outside the enumeration is damage, not a value.
template <typename Enum>
Result<Enum> read_enum(const Statement& row, int column, Enum last) {
    const std::int64_t value = row.integer(column);
    if (value < 1 || value > static_cast<std::int64_t>(last)) {
        return Error{ErrorCode::kInternal, "a stored row cannot be read", "enum out of range"};
    }
    return static_cast<Enum>(value);
}

template <typename Enum>
std::int64_t as_integer(Enum value) {
    return static_cast<std::int64_t>(value);
}

template <typename Tag>
std::string encode_ids(const std::vector<Id<Tag>>& ids) {
    std::vector<std::string> texts;
    for (const auto& id : ids) {
        texts.push_back(id.uuid());
    }
    return encode_list(texts);
}

template <typename IdType>
Result<std::vector<IdType>> decode_ids(std::string_view text) {
    std::vector<std::string> texts;
    TRY(decode_list(text, texts));
    std::vector<IdType> ids;
    for (const auto& item : texts) {
        const auto id = IdType::parse(item);
        if (!id) return Error{ErrorCode::kInternal, "a stored row cannot be read", "bad id"};
        ids.push_back(*id);
    }
    return ids;
}

// A page asked for, within what a page may be.
inline std::int64_t page_limit(std::size_t wanted) {
    constexpr std::size_t kPageMax = 200;
    return static_cast<std::int64_t>(wanted < kPageMax ? wanted : kPageMax);
}

// The rows of a question as records; `read` makes one record of one row.
template <typename Record, typename Read>
Result<std::vector<Record>> collect(Statement& rows, const Read& read) {
    std::vector<Record> records;
    while (true) {
        const bool has_row = TRY(rows.step());
        if (!has_row) return records;
        Record record = TRY(read(rows));
        records.push_back(std::move(record));
    }
}

template <typename Record, typename Read>
Result<std::optional<Record>> first(Statement& rows, const Read& read) {
    const bool has_row = TRY(rows.step());
    if (!has_row) return std::optional<Record>{};
    Record record = TRY(read(rows));
    return std::optional<Record>{std::move(record)};
}

// The single number that a question like SELECT count(*) answers with.
inline Result<std::uint64_t> number(Statement& rows) {
    const bool has_row = TRY(rows.step());
    return has_row ? static_cast<std::uint64_t>(rows.integer(0)) : std::uint64_t{0};
}

}  // namespace latchkey::store
