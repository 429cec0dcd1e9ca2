#include "cli/keyring.h"

#include <array>
#include <filesystem>

#include <dlfcn.h>
#include <fmt/format.h>

#include "cli/errors.h"

namespace latchkey::cli {
namespace {

// What libsecret's and GLib's public headers say, as far as we use it; both keep these for good.
struct Attribute {
    const char* name;
    int type;  // 0: text
};
struct Schema {
    const char* name;
    int flags;
    std::array<Attribute, 32> attributes;
    int reserved;
    std::array<void*, 7> more_reserved;
};
struct GlibError {
    unsigned domain;
    int code;
    char* message;
};
struct GlibList {
    void* data;
    GlibList* next;
    GlibList* previous;
};

constexpr int kUnlock = 1 << 2;
constexpr int kLoadSecrets = 1 << 3;
constexpr const char* kDirectory = "directory";
constexpr const char* kContext = "context";

const Schema kSchema{"latchkey.login", 0, {{{kDirectory, 0}, {kContext, 0}}}, 0, {}};

bool has_session_bus(const Environment& environment) {
    if (const auto bus = environment("DBUS_SESSION_BUS_ADDRESS"); bus && !bus->empty()) return true;
    const auto runtime = environment("XDG_RUNTIME_DIR");
    std::error_code ignored;
    return runtime && !runtime->empty() && std::filesystem::exists(*runtime + "/bus", ignored);
}

}  // namespace

struct Keyring::Library {
    void* handle{nullptr};
    int (*store)(const Schema*, const char* collection, const char* label, const char* secret,
                 void* cancellable, GlibError**, ...){nullptr};
    GlibList* (*search)(const Schema*, int flags, void* cancellable, GlibError**, ...){nullptr};
    int (*clear)(const Schema*, void* cancellable, GlibError**, ...){nullptr};
    void* (*retrieve)(void* item, void* cancellable, GlibError**){nullptr};
    const char* (*text_of_value)(void* value){nullptr};
    void (*release_value)(void* value){nullptr};
    void (*release_object)(void* object){nullptr};
    void (*free_list)(GlibList*){nullptr};
    void (*free_error)(GlibError*){nullptr};

    Library() = default;
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;
    // GLib keeps threads of its own, so the library stays where it was loaded.
    ~Library() = default;

    bool load() {
        handle = ::dlopen("libsecret-1.so.0", RTLD_NOW | RTLD_LOCAL);
        if (handle == nullptr) return false;
        return find("secret_password_store_sync", store) &&
               find("secret_password_search_sync", search) &&
               find("secret_password_clear_sync", clear) &&
               find("secret_retrievable_retrieve_secret_sync", retrieve) &&
               find("secret_value_get_text", text_of_value) &&
               find("secret_value_unref", release_value) &&
               find("g_object_unref", release_object) && find("g_list_free", free_list) &&
               find("g_error_free", free_error);
    }

    Error to_error(GlibError* error) const {
        std::string text =
            error == nullptr || error->message == nullptr ? "no reason was given" : error->message;
        if (error != nullptr) free_error(error);
        return failure(fmt::format("the system keyring: {}", text),
                       "log in with --insecure-storage to keep the login in a file");
    }

private:
    template <typename Function>
    bool find(const char* name, Function& function) {
        // POSIX promises that this pointer is a function's.
        function = reinterpret_cast<Function>(::dlsym(handle, name));
        return function != nullptr;
    }
};

Keyring::Keyring(std::unique_ptr<Library> library) : library_(std::move(library)) {}
Keyring::~Keyring() = default;

std::unique_ptr<Keyring> Keyring::open(const Environment& environment) {
    const auto own_directory = environment("LATCHKEY_CONFIG_DIR");
    if ((own_directory && !own_directory->empty()) || !has_session_bus(environment)) return nullptr;
    auto library = std::make_unique<Library>();
    if (!library->load()) return nullptr;
    return std::unique_ptr<Keyring>(new Keyring(std::move(library)));
}

Status Keyring::keep(const KeyringEntry& entry, const Secret& secret) {
    const std::string text(secret.expose());
    const std::string label = fmt::format("Latchkey login {}", entry.context);
    GlibError* error = nullptr;
    const int kept = library_->store(&kSchema, nullptr, label.c_str(), text.c_str(), nullptr,
                                     &error, kDirectory, entry.directory.c_str(), kContext,
                                     entry.context.c_str(), static_cast<void*>(nullptr));
    if (kept == 0) return library_->to_error(error);
    return {};
}

Result<std::optional<Secret>> Keyring::find(const KeyringEntry& entry, Unlocking unlocking) {
    const int flags = kLoadSecrets | (unlocking == Unlocking::kMayAsk ? kUnlock : 0);
    GlibError* error = nullptr;
    GlibList* items =
        library_->search(&kSchema, flags, nullptr, &error, kDirectory, entry.directory.c_str(),
                         kContext, entry.context.c_str(), static_cast<void*>(nullptr));
    if (error != nullptr) return library_->to_error(error);
    std::optional<Secret> found;
    for (const GlibList* item = items; item != nullptr; item = item->next) {
        void* value = found ? nullptr : library_->retrieve(item->data, nullptr, &error);
        const char* text = value == nullptr ? nullptr : library_->text_of_value(value);
        if (text != nullptr) found.emplace(std::string(text));
        if (value != nullptr) library_->release_value(value);
        library_->release_object(item->data);
    }
    library_->free_list(items);
    if (error != nullptr) return library_->to_error(error);
    return found;
}

Status Keyring::forget(const KeyringEntry& entry) {
    GlibError* error = nullptr;
    library_->clear(&kSchema, nullptr, &error, kDirectory, entry.directory.c_str(), kContext,
                    entry.context.c_str(), static_cast<void*>(nullptr));
    if (error != nullptr) return library_->to_error(error);
    return {};
}

}  // namespace latchkey::cli
