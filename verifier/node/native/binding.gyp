{
  "targets": [
    {
      "target_name": "block_digests",
      "sources": [
        "addon.cc",
        "block_digester.cc",
        "digest_run.cc",
        "engine.cc",
        "fastest_engine.cc",
        "sha256_avx512.cc",
        "sha256_sha_ni.cc"
      ],
      "defines": ["NAPI_VERSION=8"],
      "cflags": ["-Wall", "-Wextra", "-fvisibility=hidden"],
      "cflags_cc!": ["-std=gnu++14", "-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": ["-std=c++17"],
      # A symbol of OpenSSL that this Node.js lacks is found when the addon is loaded, not in the middle of a verification.
      "ldflags": ["-Wl,-z,now", "-Wl,-z,relro"]
    }
  ]
}
