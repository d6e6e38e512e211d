/* What minisign 0.11 made, once: a key without password and two signatures with it. The key signs nothing else. */
#define MINISIGN_BYTES  "a bundle's bytes\n"
#define MINISIGN_ID     "D0B00A85DAD04D04"
#define MINISIGN_PUBLIC "RWQETdDahQqw0MTyS4eMDscEOnpx5DKapNLVFG9M+zwi/fRFvzEOo17h"
/* clang-format off */
#define MINISIGN_SECRET \
    "untrusted comment: minisign encrypted secret key\n" \
    "RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABE3Q2oUKsNCF6K70EFl052BgoD9+uXlwYUDnvcJlFcJqHeNpzZSdNsTyS4eMDscEOnpx5DKapNLVFG9M+zwi/fRFvzEOo17hAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
#define MINISIGN_HASHED \
    "untrusted comment: signature from minisign secret key\n" \
    "RUQETdDahQqw0AynTtQizqdFfTWCd5fsEvaZilxbtIQZM6aWpuLN8rZ7r9josNdUGZXc0TRZ262sih8jRKmnsGi6McpTAjvG/AU=\n" \
    "trusted comment: hashed one\n" \
    "cK0C0TA/oc0SW/m6sHvb2dkQWW2ycWBDr8ygqGpGY90C4sxUkaBSON0Wjq/9thdcdAMh72yU6Y5MlPatcnlTDg==\n"
#define MINISIGN_LEGACY \
    "untrusted comment: signature from minisign secret key\n" \
    "RWQETdDahQqw0MyjzvwOihobE3Gxbf5ix/J4a4wvuThT9jYcK7lPZ2JOKuTyCTYRLRHQ/VYknQ2fXW1FiL00zaEa8DKiOrk2VwU=\n" \
    "trusted comment: legacy one\n" \
    "Uw613bQGv5h6VklTPOq2iU2mRMsPL1Pr08lJ2bBOzsTIDxmJ9Yg9lpvs0EWtnAdAj3mtX18DITt4Z3M7Fz7mCw==\n"
/* clang-format on */
