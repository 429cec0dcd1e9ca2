// The one PEM block of a text (RFC 7468), read strictly: no library gets to see a text that holds
// more, and what people paste by mistake is told apart. Private to this layer.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace latchkey {

// The DER of the text's only block, "PUBLIC KEY"; or of a text that is base64 and nothing else.
// Reasons bad_pem, several_pem_blocks, private_key_pasted, certificate_pasted, ssh_key_pasted.
Result<std::string> read_public_key_text(std::string_view text);

}  // namespace latchkey
