# A layer is a folder below src/: its sources are one static library, its *_test.cc one test
# program. Files are found by name, so that adding a feature touches no build file.
function(latchkey_layer name)
  cmake_parse_arguments(LAYER "" "" "LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  if(sources)
    add_library(latchkey_${name} STATIC ${sources})
    target_link_libraries(latchkey_${name} PUBLIC ${LAYER_LINK})
    latchkey_flags(latchkey_${name})
  else()
    add_library(latchkey_${name} INTERFACE)
    target_link_libraries(latchkey_${name} INTERFACE ${LAYER_LINK})
  endif()
  if(LATCHKEY_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE latchkey_${name} GTest::gtest GTest::gmock
      GTest::gtest_main rapidcheck)
    target_include_directories(${name}_test PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    target_compile_definitions(${name}_test PRIVATE
      LATCHKEY_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    latchkey_flags(${name}_test)
    gtest_discover_tests(${name}_test DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300
      ENVIRONMENT RC_PARAMS=seed=1)
  endif()
endfunction()
