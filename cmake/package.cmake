# The C++ library: include/latchkey over embed, verify, token, crypto and base, as static archives
# that find_package(latchkey) finds. `cmake --install BUILD --component library --prefix DIR`.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

target_include_directories(latchkey_embed PUBLIC
  $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
set_target_properties(latchkey_embed PROPERTIES EXPORT_NAME verifier)

set(latchkey_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/latchkey)
install(TARGETS latchkey_base latchkey_crypto latchkey_token latchkey_verify latchkey_embed
  EXPORT latchkeyTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library)
install(EXPORT latchkeyTargets NAMESPACE latchkey:: DESTINATION ${latchkey_cmake_dir}
  COMPONENT library)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/latchkey DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  COMPONENT library)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/latchkeyConfig.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/latchkeyConfig.cmake INSTALL_DESTINATION ${latchkey_cmake_dir})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/latchkeyConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/latchkeyConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/latchkeyConfigVersion.cmake
  DESTINATION ${latchkey_cmake_dir} COMPONENT library)
