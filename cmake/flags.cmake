# Warnings, hardening and sanitizers, from the OpenSSF compiler guide; each flag tried with g++ 12.
set(LATCHKEY_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize takes them")

function(latchkey_flags target)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wformat=2 -Wshadow -Wconversion -Wsign-conversion -Wswitch-enum
    -Wnon-virtual-dtor -Wold-style-cast -Wimplicit-fallthrough -Wcast-qual -Wdouble-promotion
    -Werror=switch -Werror=format-security -Werror=return-type -Werror=unused-result
    -fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing
    -fstack-protector-strong -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
  target_compile_definitions(${target} PRIVATE _GLIBCXX_ASSERTIONS
    LATCHKEY_VERSION="${PROJECT_VERSION}")
  if(LATCHKEY_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 reports false positives of these in the standard library once it inlines.
    target_compile_options(${target} PRIVATE -Wduplicated-cond -Wlogical-op -Wtrampolines
      -Wbidi-chars=any -ftrivial-auto-var-init=zero -Wno-restrict -Wno-uninitialized
      -Wno-maybe-uninitialized)
  else()
    target_compile_options(${target} PRIVATE -Wno-gnu-statement-expression)
  endif()
  if(LATCHKEY_FUZZ)
    # A fuzzer follows only what was compiled to report where it goes: our layers, not its main.
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
  if(LATCHKEY_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${LATCHKEY_SANITIZE}
      -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${LATCHKEY_SANITIZE})
    if(LATCHKEY_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${target} PRIVATE -Wno-tsan)  # Asio's fences, which it cannot model
    endif()
  else()
    target_compile_options(${target} PRIVATE -fPIE -fcf-protection=full -fstack-clash-protection
      $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3>)
    target_link_options(${target} PRIVATE -pie -Wl,-z,nodlopen -Wl,-z,noexecstack -Wl,-z,relro
      -Wl,-z,now -Wl,-z,separate-code -Wl,--as-needed -Wl,--no-copy-dt-needed-entries
      -Wl,--build-id=sha1)
  endif()
endfunction()

find_program(LATCHKEY_CCACHE ccache)
if(LATCHKEY_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
      CCACHE_NOHASHDIR=1 ${LATCHKEY_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_C_COMPILER_LAUNCHER})
endif()
find_program(LATCHKEY_MOLD mold)
if(LATCHKEY_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
