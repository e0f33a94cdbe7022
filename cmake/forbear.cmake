# How every target of the house is built: one place for flags, so that no room has its own.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(date REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
find_package(OpenSSL REQUIRED)

add_library(forbear_flags INTERFACE)
target_include_directories(forbear_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(forbear_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wno-missing-field-initializers
  # gcc 12 takes std::string's own small-buffer moves for overruns at -O2 (its bugs 105329, 105651).
  -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread
  # … and an empty std::optional's inside for something that is read (its bug 80635).
  -Wno-maybe-uninitialized
  -fstack-protector-strong)
# gcc's names of warnings are not all clang's; fuzzing is the one build that needs clang.
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(forbear_flags INTERFACE -Wno-unknown-warning-option)
endif()
target_link_options(forbear_flags INTERFACE -Wl,-z,relro,-z,now)

set(FORBEAR_PCH <algorithm> <array> <cstdint> <functional> <map> <memory> <optional> <set> <string>
                <string_view> <utility> <variant> <vector> <absl/status/status.h>
                <absl/status/statusor.h> <date/date.h>)

# forbear_library(NAME SRCS … DEPS … SYSTEM_DEPS …): a room. It is called forbear_NAME.
# SYSTEM_DEPS are other people's headers: their warnings are not ours.
function(forbear_library NAME)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  if(ARG_SRCS)
    add_library(forbear_${NAME} STATIC ${ARG_SRCS})
    target_link_libraries(forbear_${NAME} PUBLIC forbear_flags ${ARG_DEPS})
    if(NOT NAME STREQUAL "model" AND NOT NAME STREQUAL "proto")
      target_precompile_headers(forbear_${NAME} PRIVATE ${FORBEAR_PCH})
    endif()
  else()
    add_library(forbear_${NAME} INTERFACE)
    target_link_libraries(forbear_${NAME} INTERFACE forbear_flags ${ARG_DEPS})
  endif()
endfunction()

# forbear_test(NAME SRCS … DEPS … LABELS …): one test binary, one CTest entry.
function(forbear_test NAME)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SRCS;DEPS;LABELS" ${ARGN})
  find_package(GTest REQUIRED)
  add_executable(${NAME} ${ARG_SRCS})
  target_link_libraries(${NAME} PRIVATE forbear_flags ${ARG_DEPS} GTest::gtest GTest::gmock GTest::gtest_main)
  target_compile_definitions(${NAME} PRIVATE FORBEAR_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_precompile_headers(${NAME} PRIVATE <gtest/gtest.h> <gmock/gmock.h> ${FORBEAR_PCH})
  add_test(NAME ${NAME} COMMAND ${NAME})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  set_tests_properties(${NAME} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
endfunction()
