#include "crypto/known_keys.h"

#include <algorithm>
#include <array>

namespace latchkey {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kLeaked{
    "19J8y7Zprt2-QKLjF2I5pVk0OELX6cY2AfaAv1LC_w8"sv,  // jwt.io, ES256
    "9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"sv,  // RFC 7520 section 3.3
    "FVV5umTuau890q59V-4Ga_R6qWb7ON_ivJc4EjvCwTM"sv,  // RFC 8032 test 3
    "FtIu-VbGrfe_KB6CH7GNwODB72MNxj_ml11dEvO-7kk"sv,  // RFC 8032 test 2
    "IsUn6_e04MaShXFIISMp4kG62LWzMIPy_MvSA5pJgX8"sv,  // RFC 7515 appendix A.2
    "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"sv,  // RFC 7517 appendix A, RSA; RFC 7638
    "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"sv,  // RFC 7517 appendix A, EC
    "dHri3SADZkrush5HU_50AoRhcKFryN-PI6jPBtPL55M"sv,  // RFC 7520 section 3.1
    "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"sv,  // RFC 8037 appendix A, RFC 8032 test 1
    "oGDmHqCJ7yzMkWEkrlZVHkvrHIyQwtlDmeq5ForUHeY"sv,  // jwt.io, RS256
    "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"sv,  // RFC 7515 appendix A.3
    "u5YUSjQ2-2chBi51NSk3t3g7IM4o2KYcnPqPtCNGd3U"sv,  // RFC 7515 appendix A.4
};
static_assert(std::is_sorted(kLeaked.begin(), kLeaked.end()));

}  // namespace

bool is_known_leaked(std::string_view thumbprint) {
    return std::binary_search(kLeaked.begin(), kLeaked.end(), thumbprint);
}

}  // namespace latchkey
