// What an application needs to get access tokens with a key token: the file that `create-token
// --out` writes and that `exchange --credentials` and the SDKs read (JSON, 0600):
//   {"version":1,"server","tokenEndpoint","tokenId","keyId","projectId"?,"algorithm","privateKey"}
// privateKey is PKCS#8 PEM. An encrypted one stays encrypted: the passphrase is never in the file.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/json.h"
#include "base/result.h"
#include "base/secret.h"

namespace latchkey::cli {

struct KeyCredentials {
    std::string server;          // the issuer
    std::string token_endpoint;  // for programs that fetch no metadata
    std::string token_id;
    std::string key_id;
    std::optional<std::string> project_id;
    std::string algorithm;
    Secret private_key;
};

std::string to_file_text(const KeyCredentials& credentials);  // a secret, like what it is made of
// Members that it does not know are ignored. `name` is what messages call it.
Result<KeyCredentials> parse_key_credentials(std::string_view text, const std::string& name);
Result<KeyCredentials> read_key_credentials(const std::string& path);

// Why a file that exists is not written.
Error file_is_there(const std::string& path);

// A file that is there from the start, so that a full disk or a missing right shows before the
// token is made. It exists and is empty until write(); when that never comes it is removed again.
class NewPrivateFile {
public:
    // Never an existing file, nor through a symbolic link: that is a usage error.
    static Result<NewPrivateFile> create(const std::string& path);
    NewPrivateFile(NewPrivateFile&& other) noexcept;
    NewPrivateFile(const NewPrivateFile&) = delete;
    NewPrivateFile& operator=(const NewPrivateFile&) = delete;
    ~NewPrivateFile();

    Status write(std::string_view bytes);  // whole and synced, once

private:
    NewPrivateFile(std::string path, FileDescriptor file);

    std::string path_;
    FileDescriptor file_;
    bool is_written_{false};
};

}  // namespace latchkey::cli
